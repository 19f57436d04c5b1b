/** Deletes a connection. Called by the API. Zero rows: no such connection. */
import type { Queryable } from '../../client.ts';

const DELETE_CONNECTION = { name: 'delete_connection', text: 'delete from connection where connection_id = $1' };

export async function deleteConnection(db: Queryable, id: string): Promise<boolean> {
  return (await db.query(DELETE_CONNECTION, [id])).rowCount === 1;
}
