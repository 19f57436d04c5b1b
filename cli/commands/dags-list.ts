import type { Command } from 'commander';
import { listCommand, withLimit } from '../list-option.ts';
import type { OutputOptions } from '../output.ts';

interface Flags extends OutputOptions {
  readonly limit: number;
}

/** `windlass dags list` */
export function dagsList(): Command {
  return withLimit(listCommand('list').description('List the DAGs'), 1_000).action(async (flags: Flags) => {
    const { withDatabase } = await import('../environment.ts');
    const { equal, listRequest } = await import('../list-request.ts');
    const { printRows } = await import('../output.ts');
    const { listDags } = await import('#platform/db/queries/api/list-dags.ts');
    await withDatabase(async ({ db, config }) => {
      const { rows } = await listDags(db, listRequest([equal('is_stale', false)], 'dag_id', flags.limit));
      printRows(
        rows.map((dag) => ({
          dag_id: dag.dag_id,
          fileloc: dag.file_path,
          owners: dag.head.owner,
          schedule: dag.head.scheduleSummary,
          is_paused: dag.is_paused,
          has_import_errors: dag.has_import_errors,
          next_run: dag.next_run_after,
        })),
        flags,
        `No DAGs. Drop a .ts file into ${config.dagsFolder}; files that do not import are shown by: windlass dags list-import-errors`,
      );
    });
  });
}
