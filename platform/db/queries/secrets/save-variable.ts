/** Writes a variable, new or changed. Called by the API. Zero rows: `mode` is insert and the key is taken. */
import type { Queryable } from '../../client.ts';
import type { VariableRow } from './find-variable.ts';

const INSERT_VARIABLE = {
  name: 'insert_variable',
  text: 'insert into variable (key, value, description) values ($1, $2, $3) on conflict do nothing returning key',
};
const REPLACE_VARIABLE = {
  name: 'replace_variable',
  text: `insert into variable (key, value, description) values ($1, $2, $3)
         on conflict (key) do update set value = excluded.value, description = excluded.description, updated_at = clock_timestamp()
         returning key`,
};

/** Returns false when it was to be inserted and exists already. */
export async function saveVariable(db: Queryable, row: VariableRow, mode: 'insert' | 'replace'): Promise<boolean> {
  const result = await db.query(mode === 'insert' ? INSERT_VARIABLE : REPLACE_VARIABLE, [row.key, row.value, row.description]);
  return result.rowCount === 1;
}
