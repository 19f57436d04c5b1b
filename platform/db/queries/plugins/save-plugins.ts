import type { Queryable } from '../../client.ts';

export interface PluginRow {
  readonly name: string;
  /** Relative to the plugins folder. */
  readonly filePath: string;
  /** Names by kind (core/plugin-protocol.ts). */
  readonly provides: object;
  readonly links: readonly object[];
  readonly error: string | null;
  /** Null: nobody but this machine needs its code. */
  readonly code: string | null;
}

const STATEMENT = {
  name: 'save_plugins',
  text: `
with given as (
  select * from jsonb_to_recordset($1::jsonb) as g(name text, "filePath" text, provides jsonb, links jsonb, error text, code text)
), gone as (
  delete from plugin where name not in (select name from given)
), unheard as (
  delete from plugin_event where plugin not in (select name from given where error is null)
)
insert into plugin as p (name, file_path, provides, links, error, code)
select name, "filePath", provides, links, error, code from given
on conflict (name) do update
   set file_path = excluded.file_path, provides = excluded.provides, links = excluded.links, error = excluded.error,
       code = excluded.code, loaded_at = clock_timestamp(), faults = 0, last_fault = null, faulted_at = null
 where (p.file_path, p.provides, p.links, p.error, p.code)
       is distinct from (excluded.file_path, excluded.provides, excluded.links, excluded.error, excluded.code)`,
};

/**
 * savePlugins    who: plugin host, after each change of the plugins folder. Locks the rows it changes; the last writer wins.
 * What nobody will hear any more goes as well.
 */
export async function savePlugins(db: Queryable, plugins: readonly PluginRow[]): Promise<void> {
  await db.query(STATEMENT, [JSON.stringify(plugins)]);
}
