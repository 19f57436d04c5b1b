/** Reads one variable, its value still sealed. Called by the secret store and the API. Zero rows: no such variable. */
import type { Queryable } from '../../client.ts';

const FIND_VARIABLE = { name: 'find_variable', text: 'select key, value, description from variable where key = $1' };

export interface VariableRow {
  readonly key: string;
  readonly value: Buffer;
  readonly description: string | null;
}

export async function findVariable(db: Queryable, key: string): Promise<VariableRow | null> {
  return (await db.query<VariableRow>(FIND_VARIABLE, [key])).rows[0] ?? null;
}
