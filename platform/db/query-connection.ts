/** One read on a Postgres connection of the user's: for waits that look at a database. A look holds no connection open. */
import type { Connection } from '#platform/secrets/connection.ts';
import { newClient, plainRows } from './user-client.ts';

export interface ConnectionQuery {
  readonly sql: string;
  readonly values: readonly unknown[];
  readonly signal: AbortSignal;
}

/** Rejects with pg's error (`code` is the SQLSTATE), BAD_REQUEST for a connection that is no Postgres. In a read-only transaction. */
export async function queryConnection(
  connection: Connection,
  query: ConnectionQuery,
): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const client = newClient(connection);
  const abort = () => void client.end().catch(() => {});
  query.signal.addEventListener('abort', abort, { once: true });
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query('begin transaction read only');
    const result = await client.query(query.sql, [...query.values]);
    return plainRows(result.rows.slice(0, 1));
  } finally {
    query.signal.removeEventListener('abort', abort);
    await client.end().catch(() => {});
  }
}
