/** Pages through the files that do not import. Called by the API and the pages. */
import type { Queryable } from '../../client.ts';
import { type ListPage, type ListRequest, type ListSource, readList } from '../../list-query.ts';

export interface ImportErrorRow {
  readonly import_error_id: number;
  readonly bundle_name: string;
  readonly file_path: string;
  readonly message: string;
  readonly stack: string;
  readonly line: number | null;
  readonly column_number: number | null;
  readonly seen_at: Date;
}

const SOURCE: ListSource = {
  name: 'list_import_errors',
  select: 'import_error_id, bundle_name, file_path, message, stack, line, column_number, seen_at',
  from: 'import_error',
  fields: { import_error_id: 'import_error_id', file_path: 'file_path', bundle_name: 'bundle_name', seen_at: 'seen_at', stack: 'stack' },
  tieBreak: 'import_error_id',
};

export function listImportErrors(db: Queryable, request: ListRequest): Promise<ListPage<ImportErrorRow>> {
  return readList(db, SOURCE, request);
}
