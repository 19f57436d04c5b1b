/** Deletes a variable. Called by the API. Zero rows: no such variable. */
import type { Queryable } from '../../client.ts';

const DELETE_VARIABLE = { name: 'delete_variable', text: 'delete from variable where key = $1' };

export async function deleteVariable(db: Queryable, key: string): Promise<boolean> {
  return (await db.query(DELETE_VARIABLE, [key])).rowCount === 1;
}
