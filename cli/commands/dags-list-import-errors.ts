import type { Command } from 'commander';
import { listCommand, withLimit } from '../list-option.ts';
import type { OutputOptions } from '../output.ts';

interface Flags extends OutputOptions {
  readonly limit: number;
}

/** `windlass dags list-import-errors`: exits with 1 when there are any, like Airflow. */
export function dagsListImportErrors(): Command {
  return withLimit(listCommand('list-import-errors').description('List the DAG files that do not import')).action(async (flags: Flags) => {
    const { withDatabase } = await import('../environment.ts');
    const { listRequest } = await import('../list-request.ts');
    const { printRows } = await import('../output.ts');
    const { listImportErrors } = await import('#platform/db/queries/api/list-import-errors.ts');
    await withDatabase(async ({ db }) => {
      const { rows } = await listImportErrors(db, listRequest([], 'file_path', flags.limit));
      printRows(
        rows.map((row) => ({
          filepath: row.file_path,
          line: row.line,
          column: row.column_number,
          error: row.message,
          seen_at: row.seen_at,
        })),
        flags,
        'No import errors.',
      );
      if (rows.length > 0) process.exitCode = 1;
    });
  });
}
