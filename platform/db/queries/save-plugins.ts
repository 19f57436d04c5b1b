import type { Queryable } from '../client.ts';

export interface PluginRow {
  readonly name: string;
  /** Relative to the plugins folder. */
  readonly filePath: string;
  /** Names of tasks, macros, timetables and listeners. */
  readonly provides: object;
  readonly error: string | null;
}

const STATEMENT = {
  name: 'save_plugins',
  text: `
with given as (
  select * from jsonb_to_recordset($1::jsonb) as g(name text, "filePath" text, provides jsonb, error text)
), gone as (
  delete from plugin where name not in (select name from given)
)
insert into plugin as p (name, file_path, provides, error)
select name, "filePath", provides, error from given
on conflict (name) do update
   set file_path = excluded.file_path, provides = excluded.provides, error = excluded.error, loaded_at = clock_timestamp()
 where (p.file_path, p.provides, p.error) is distinct from (excluded.file_path, excluded.provides, excluded.error)`,
};

/** savePlugins    who: plugin host, after each change of the plugins folder. Locks the rows it changes; the last writer wins. */
export async function savePlugins(db: Queryable, plugins: readonly PluginRow[]): Promise<void> {
  await db.query(STATEMENT, [JSON.stringify(plugins)]);
}
