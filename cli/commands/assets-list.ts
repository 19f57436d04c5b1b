import type { Command } from 'commander';
import { listCommand, withLimit } from '../list-option.ts';
import type { OutputOptions } from '../output.ts';

interface Flags extends OutputOptions {
  readonly limit: number;
  readonly all?: boolean;
}

/** `windlass assets list` */
export function assetsList(): Command {
  return withLimit(listCommand('list').description('List the assets'), 1_000)
    .option('--all', 'also those that no DAG mentions any more, or that are in conflict')
    .action(async (flags: Flags) => {
      const { withDatabase } = await import('../environment.ts');
      const { tasksText } = await import('../find-asset.ts');
      const { equal, listRequest } = await import('../list-request.ts');
      const { printRows } = await import('../output.ts');
      const { listAssets } = await import('#platform/db/queries/assets/list-assets.ts');
      await withDatabase(async ({ db }) => {
        const { rows } = await listAssets(db, listRequest(flags.all ? [] : [equal('is_active', true)], 'name', flags.limit));
        printRows(
          rows.map((asset) => ({
            id: asset.asset_id,
            name: asset.name,
            uri: asset.uri,
            group: asset.asset_group,
            made_by: tasksText(asset.producing_tasks),
            runs: asset.scheduled_dags.map((one) => one.dag_id).join(', '),
            last_event: asset.last_event_at,
            ...(flags.all && { is_active: asset.is_active }),
          })),
          flags,
          'No assets. A task makes one with the option outlets: task("load", …, { outlets: [asset("s3://lake/orders")] }).',
        );
      });
    });
}
