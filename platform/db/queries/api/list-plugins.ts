/** Pages through plugins as they were loaded last. Called by GET /api/v2/plugins. */
import type { Queryable } from '../../client.ts';
import { type ListPage, type ListRequest, type ListSource, readList } from '../../list-query.ts';

export interface PluginRow {
  readonly name: string;
  readonly file_path: string;
  readonly provides: Readonly<Record<string, unknown>>;
  readonly error: string | null;
}

const SOURCE: ListSource = {
  name: 'list_plugins',
  select: 'name, file_path, provides, error',
  from: 'plugin',
  fields: { name: 'name', is_broken: '(error is not null)' },
  tieBreak: 'name',
};

export function listPlugins(db: Queryable, request: ListRequest): Promise<ListPage<PluginRow>> {
  return readList(db, SOURCE, request);
}
