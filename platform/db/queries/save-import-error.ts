import { storable } from '#core/storable.ts';
import type { Queryable } from '../client.ts';
import type { FileOfBundle } from './save-parsed-file.ts';

export interface NewImportError extends FileOfBundle {
  readonly message: string;
  readonly stack: string;
  readonly line: number | null;
  readonly column: number | null;
}

/** An error is to be read; a file can throw a text of many megabytes. */
const TEXT_MAX_CHARS = 20_000;

const STATEMENT = {
  name: 'save_import_error',
  text: `
with saved as (
  insert into import_error (bundle_name, file_path, message, stack, line, column_number) values ($1, $2, $3, $4, $5, $6)
  on conflict (bundle_name, file_path) do update set message = excluded.message, stack = excluded.stack, line = excluded.line,
    column_number = excluded.column_number, seen_at = clock_timestamp()
)
update dag set has_import_errors = true, last_parsed_at = clock_timestamp(), revision = revision + 1
 where bundle_name = $1 and file_path = $2 and not has_import_errors returning dag_id as "dagId"`,
};

/**
 * saveImportError    who: DAG processor. Locks the DAGs of the file. Their last good version stays in force.
 * Returns the DAGs that were fine until now; zero rows = the file had no DAGs yet or was broken before.
 */
export async function saveImportError(db: Queryable, error: NewImportError): Promise<readonly string[]> {
  const { bundleName, filePath, message, stack, line, column } = error;
  const said = [storable(message, TEXT_MAX_CHARS), storable(stack, TEXT_MAX_CHARS)];
  const result = await db.query<{ dagId: string }>(STATEMENT, [bundleName, filePath, ...said, line, column]);
  return result.rows.map((row) => row.dagId);
}

const FORGET = { name: 'forget_one_import_error', text: 'delete from import_error where bundle_name = $1 and file_path = $2' };

/** forgetImportError    who: DAG processor, when what it could not do works again. Zero rows = there was no error. */
export async function forgetImportError(db: Queryable, { bundleName, filePath }: FileOfBundle): Promise<boolean> {
  return (await db.query(FORGET, [bundleName, filePath])).rowCount > 0;
}

const FILES = {
  name: 'list_known_dag_files',
  text: `select bundle_name as "bundleName", file_path as "filePath" from dag where not is_stale
          union select bundle_name, file_path from import_error`,
};

/** listKnownDagFiles    who: DAG processor's scan, to notice files that are gone. Reads only. */
export async function listKnownDagFiles(db: Queryable): Promise<readonly FileOfBundle[]> {
  return (await db.query<FileOfBundle>(FILES)).rows;
}
