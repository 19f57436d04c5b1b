import type { Command } from 'commander';
import { listCommand, withLimit } from '../list-option.ts';
import type { OutputOptions } from '../output.ts';

interface Flags extends OutputOptions {
  readonly limit: number;
}

/** `windlass assets events [ASSET]`: newest first. */
export function assetsEvents(): Command {
  return withLimit(listCommand('events').description('List events of assets and the runs they made, newest first'), 25)
    .argument('[asset]', 'its name, URI or id (default: all)')
    .action(async (text: string | undefined, flags: Flags) => {
      const { withDatabase } = await import('../environment.ts');
      const { requireAsset } = await import('../find-asset.ts');
      const { equal, listRequest } = await import('../list-request.ts');
      const { printRows } = await import('../output.ts');
      const { listAssetEvents } = await import('#platform/db/queries/assets/list-events.ts');
      await withDatabase(async ({ db }) => {
        const filters = text === undefined ? [] : [equal('asset_id', (await requireAsset(db, text)).asset_id)];
        const { rows } = await listAssetEvents(db, listRequest(filters, '-id', flags.limit));
        printRows(
          rows.map((event) => ({
            id: event.event_id,
            at: event.at,
            asset: event.name,
            partition_key: event.partition_key,
            source: event.source_dag_id === null ? 'from outside' : `${event.source_dag_id}.${event.source_task_id}`,
            source_run: event.source_run_id,
            extra: event.extra,
            runs: event.created_dagruns.map((run) => `${run.dag_id} ${run.run_id}`).join(', '),
          })),
          flags,
          'No events yet. One is written when a task succeeds that has the asset among its outlets.',
        );
      });
    });
}
