import type { Command } from 'commander';
import { listCommand, withLimit } from '../list-option.ts';
import type { OutputOptions } from '../output.ts';

interface Flags extends OutputOptions {
  readonly limit: number;
  readonly bundleName?: string;
}

/** `windlass dags list-import-errors`: exits with 1 when there are any, like Airflow. */
export function dagsListImportErrors(): Command {
  const command = withLimit(listCommand('list-import-errors').description('List the DAG files, and bundles, that do not import'));
  return command.option('--bundle-name <name>', 'only those of this bundle').action(async (flags: Flags) => {
    const { withDatabase } = await import('../environment.ts');
    const { equal, listRequest } = await import('../list-request.ts');
    const { printRows } = await import('../output.ts');
    const { listImportErrors } = await import('#platform/db/queries/api/list-import-errors.ts');
    const filters = flags.bundleName === undefined ? [] : [equal('bundle_name', flags.bundleName)];
    await withDatabase(async ({ db }) => {
      const { rows } = await listImportErrors(db, listRequest(filters, 'file_path', flags.limit));
      printRows(
        rows.map((row) => ({
          bundle: row.bundle_name,
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
