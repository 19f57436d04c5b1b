/** Writes a connection, new or changed. Called by the API. Zero rows: `mode` is insert and the id is taken. */
import type { Queryable } from '../../client.ts';
import type { ConnectionRow } from './find-connection.ts';

const COLUMNS = 'connection_id, conn_type, description, host, port, login, schema, secret';

const INSERT_CONNECTION = {
  name: 'insert_connection',
  text: `insert into connection (${COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing returning connection_id`,
};
const REPLACE_CONNECTION = {
  name: 'replace_connection',
  text: `insert into connection (${COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7, $8)
         on conflict (connection_id) do update
            set conn_type = excluded.conn_type, description = excluded.description, host = excluded.host, port = excluded.port,
                login = excluded.login, schema = excluded.schema, secret = excluded.secret, updated_at = clock_timestamp()
         returning connection_id`,
};

/** Returns false when it was to be inserted and exists already. */
export async function saveConnection(db: Queryable, row: ConnectionRow, mode: 'insert' | 'replace'): Promise<boolean> {
  const result = await db.query(mode === 'insert' ? INSERT_CONNECTION : REPLACE_CONNECTION, [
    row.connection_id,
    row.conn_type,
    row.description,
    row.host,
    row.port,
    row.login,
    row.schema,
    row.secret,
  ]);
  return result.rowCount === 1;
}
