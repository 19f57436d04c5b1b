/** A Postgres of the user's that is listened to: what is notified on a channel, while the connection lives. */
import pg from 'pg';
import type { Connection } from '#platform/secrets/connection.ts';
import { newClient, plainRows } from './user-client.ts';

export interface ListeningConnection {
  /** The first row of a query, in a read-only transaction; null = there is none. Also shows that the connection lives. */
  firstRow(sql: string): Promise<Readonly<Record<string, unknown>> | null>;
  /** Resolves, with the reason, when the connection is lost. */
  readonly lost: Promise<Error>;
  close(): Promise<void>;
}

/** Resolves when whatever is notified from now on will be heard. Rejects when the server cannot be reached. */
export async function listenOnConnection(
  connection: Connection,
  channel: string,
  hear: (payload: string) => void,
): Promise<ListeningConnection> {
  const client = newClient(connection);
  const lost = new Promise<Error>((resolve) => {
    client.on('error', resolve);
    client.on('end', () => resolve(new Error('the connection was closed')));
  });
  client.on('notification', (message) => hear(message.payload ?? ''));
  try {
    await client.connect();
    await client.query(`listen ${pg.escapeIdentifier(channel)}`);
  } catch (error) {
    await client.end().catch(() => {});
    throw error;
  }
  return {
    lost,
    async firstRow(sql) {
      await client.query('begin transaction read only');
      try {
        return plainRows((await client.query(sql)).rows.slice(0, 1))[0] ?? null;
      } finally {
        await client.query('rollback');
      }
    },
    close: () => client.end().catch(() => {}),
  };
}
