import type { Command } from 'commander';
import { listCommand } from '../list-option.ts';
import type { OutputOptions } from '../output.ts';
import { parseCount } from '../parse-flag.ts';

interface Flags extends OutputOptions {
  readonly dagId?: string;
  readonly days: number;
}

/** `windlass sync list`: how far each stream came, by what its task returned last. */
export function syncList(): Command {
  return listCommand('list')
    .description('List what tasks sync: how far each stream came, and how many rows')
    .option('-d, --dag-id <id>', 'of this DAG only')
    .option('--days <n>', 'of runs of so many days', parseCount('--days', 1), 30)
    .action(async (flags: Flags) => {
      const { withDatabase } = await import('../environment.ts');
      const { printRows } = await import('../output.ts');
      const { listSyncs } = await import('#platform/db/queries/api/list-syncs.ts');
      await withDatabase(async ({ db }) => {
        const syncs = await listSyncs(db, { days: flags.days, dagId: flags.dagId ?? null });
        printRows(
          syncs.map((sync) => ({
            stream: sync.stream,
            task: `${sync.dag_id}.${sync.task_id}${sync.map_index < 0 ? '' : `[${sync.map_index}]`}`,
            last: sync.at,
            rows: sync.rows,
            removed: sync.removed,
            rows_of_all: sync.rows_of_all,
            runs: sync.runs,
            position: sync.state,
          })),
          flags,
          `No task returned what a sync returns, in runs of the last ${flags.days} days.`,
        );
      });
    });
}
