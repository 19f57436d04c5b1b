import type { Command } from 'commander';
import { listCommand } from '../list-option.ts';
import type { OutputOptions } from '../output.ts';

/** `windlass assets details ASSET` */
export function assetsDetails(): Command {
  return listCommand('details')
    .description('Show an asset: who makes, reads and waits for it')
    .argument('<asset>', 'its name, URI or id')
    .action(async (text: string, flags: OutputOptions) => {
      const { withDatabase } = await import('../environment.ts');
      const { requireAsset, tasksText } = await import('../find-asset.ts');
      const { printRecord } = await import('../output.ts');
      const { listQueuedEvents } = await import('#platform/db/queries/assets/queued-events.ts');
      await withDatabase(async ({ db }) => {
        const asset = await requireAsset(db, text);
        const queued = await listQueuedEvents(db, { dagId: null, assetId: asset.asset_id, before: null });
        printRecord(
          {
            id: asset.asset_id,
            name: asset.name,
            uri: asset.uri,
            group: asset.asset_group,
            extra: asset.extra,
            is_active: asset.is_active,
            made_by: tasksText(asset.producing_tasks),
            read_by: tasksText(asset.consuming_tasks),
            runs: asset.scheduled_dags.map((one) => one.dag_id).join(', '),
            aliases: asset.aliases.map((alias) => alias.name).join(', '),
            waiting_events: queued.map((row) => `${row.dag_id}: ${row.events}`).join(', '),
            last_event: asset.last_event_at,
          },
          flags,
        );
      });
    });
}
