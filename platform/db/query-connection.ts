/** One read on a Postgres connection of the user's: for waits that look at a database. A look holds no connection open. */
import pg from 'pg';
import { AppError } from '#core/errors.ts';
import type { Connection } from '#platform/secrets/connection.ts';

export interface ConnectionQuery {
  readonly sql: string;
  readonly values: readonly unknown[];
  readonly signal: AbortSignal;
}

const CONNECT_TIMEOUT_MS = 10_000;
const STATEMENT_TIMEOUT_MS = 60_000;
const POSTGRES: ReadonlySet<string> = new Set(['postgres', 'postgresql']);

/** Rejects with pg's error (`code` is the SQLSTATE), BAD_REQUEST for a connection that is no Postgres. In a read-only transaction. */
export async function queryConnection(
  connection: Connection,
  query: ConnectionQuery,
): Promise<readonly Readonly<Record<string, unknown>>[]> {
  if (!POSTGRES.has(connection.type))
    throw new AppError('BAD_REQUEST', `Connection "${connection.id}" is of type "${connection.type}"; SQL waits know Postgres only.`);
  const client = new pg.Client({
    host: connection.host ?? 'localhost',
    port: connection.port ?? 5432,
    user: connection.login ?? 'postgres',
    ...(connection.password === null ? {} : { password: connection.password }),
    database: connection.schema ?? connection.login ?? 'postgres',
    application_name: 'windlass:triggerer',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    query_timeout: STATEMENT_TIMEOUT_MS + 5_000,
  });
  const abort = () => void client.end().catch(() => {});
  query.signal.addEventListener('abort', abort, { once: true });
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query('begin transaction read only');
    const result = await client.query(query.sql, [...query.values]);
    return JSON.parse(JSON.stringify(result.rows.slice(0, 1))) as Record<string, unknown>[];
  } finally {
    query.signal.removeEventListener('abort', abort);
    await client.end().catch(() => {});
  }
}
