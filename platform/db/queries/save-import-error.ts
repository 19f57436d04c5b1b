import type { Queryable } from '../client.ts';

export interface NewImportError {
  readonly filePath: string;
  readonly message: string;
  readonly stack: string;
  readonly line: number | null;
  readonly column: number | null;
}

const STATEMENT = {
  name: 'save_import_error',
  text: `
with saved as (
  insert into import_error (file_path, message, stack, line, column_number) values ($1, $2, $3, $4, $5)
  on conflict (file_path) do update set message = excluded.message, stack = excluded.stack, line = excluded.line,
    column_number = excluded.column_number, seen_at = clock_timestamp()
)
update dag set has_import_errors = true, last_parsed_at = clock_timestamp(), revision = revision + 1
 where file_path = $1 and not has_import_errors returning dag_id as "dagId"`,
};

/**
 * saveImportError    who: DAG processor. Locks the DAGs of the file. Their last good version stays in force.
 * Returns the DAGs that were fine until now; zero rows = the file had no DAGs yet or was broken before.
 */
export async function saveImportError(db: Queryable, error: NewImportError): Promise<readonly string[]> {
  const result = await db.query<{ dagId: string }>(STATEMENT, [error.filePath, error.message, error.stack, error.line, error.column]);
  return result.rows.map((row) => row.dagId);
}

const FILES = {
  name: 'list_known_dag_files',
  text: 'select file_path as "filePath" from dag where not is_stale union select file_path from import_error',
};

/** listKnownDagFiles    who: DAG processor's scan, to notice files that are gone. Reads only. */
export async function listKnownDagFiles(db: Queryable): Promise<readonly string[]> {
  return (await db.query<{ filePath: string }>(FILES)).rows.map((row) => row.filePath);
}
