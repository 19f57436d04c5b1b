import type { Queryable } from '../../client.ts';

const STATEMENT = {
  name: 'list_macro_plugins',
  text: `select file_path as "filePath" from plugin where error is null and provides -> 'macros' <> '[]' order by name`,
};

/** listMacroPlugins    who: DAG processor, for a file that uses macros. Reads only. Paths are relative to the plugins folder. */
export async function listMacroPlugins(db: Queryable): Promise<readonly string[]> {
  return (await db.query<{ filePath: string }>(STATEMENT)).rows.map((row) => row.filePath);
}
