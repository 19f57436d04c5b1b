import type { Command } from 'commander';
import { listCommand, withLimit } from '../list-option.ts';
import type { OutputOptions } from '../output.ts';

interface Flags extends OutputOptions {
  readonly dagId?: string;
  readonly active?: boolean;
  readonly limit: number;
}

/** `windlass backfill list`: newest first. */
export function backfillList(): Command {
  return withLimit(listCommand('list').description('List backfills with their progress, newest first'))
    .option('--dag-id <dag_id>', 'only of this DAG')
    .option('--active', 'only those that are not completed')
    .action(async (flags: Flags) => {
      const { withDatabase } = await import('../environment.ts');
      const { equal, listRequest, requireDag } = await import('../list-request.ts');
      const { printRows } = await import('../output.ts');
      const { backfillLine } = await import('../backfills.ts');
      const { listBackfills } = await import('#platform/db/queries/backfill/list-backfills.ts');
      await withDatabase(async ({ db }) => {
        if (flags.dagId !== undefined) await requireDag(db, flags.dagId);
        const filters = [
          ...(flags.dagId === undefined ? [] : [equal('dag_id', flags.dagId)]),
          ...(flags.active ? [equal('is_active', true)] : []),
        ];
        const { rows } = await listBackfills(db, listRequest(filters, '-id', flags.limit));
        printRows(rows.map(backfillLine), flags, 'No backfills.');
      });
    });
}
