/** Reads one connection, its secret still sealed. Called by the secret store and the API. Zero rows: no such connection. */
import type { Queryable } from '../../client.ts';

const FIND_CONNECTION = {
  name: 'find_connection',
  text: `select connection_id, conn_type, description, host, port, login, schema, secret
           from connection where connection_id = $1`,
};

export interface ConnectionRow {
  readonly connection_id: string;
  readonly conn_type: string;
  readonly description: string | null;
  readonly host: string | null;
  readonly port: number | null;
  readonly login: string | null;
  readonly schema: string | null;
  readonly secret: Buffer | null;
}

export async function findConnection(db: Queryable, id: string): Promise<ConnectionRow | null> {
  return (await db.query<ConnectionRow>(FIND_CONNECTION, [id])).rows[0] ?? null;
}
