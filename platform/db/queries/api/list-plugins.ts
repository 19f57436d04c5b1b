/** Pages through plugins as they were loaded last. Called by GET /api/v2/plugins, the page of plugins and `windlass plugins list`. */
import type { PluginLink } from '#core/plugin-protocol.ts';
import type { Queryable } from '../../client.ts';
import { type ListPage, type ListRequest, type ListSource, readList } from '../../list-query.ts';

export interface PluginRow {
  readonly name: string;
  readonly file_path: string;
  readonly provides: Readonly<Record<string, unknown>>;
  readonly links: readonly PluginLink[];
  readonly error: string | null;
  readonly loaded_at: Date;
  /** What it did wrong since it was loaded. */
  readonly faults: number;
  readonly last_fault: string | null;
  readonly faulted_at: Date | null;
}

const SOURCE: ListSource = {
  name: 'list_plugins',
  select: 'name, file_path, provides, links, error, loaded_at, faults, last_fault, faulted_at',
  from: 'plugin',
  fields: { name: 'name', is_broken: '(error is not null)', is_failing: '(error is not null or faults > 0)' },
  tieBreak: 'name',
};

export function listPlugins(db: Queryable, request: ListRequest): Promise<ListPage<PluginRow>> {
  return readList(db, SOURCE, request);
}
