/** A client of a Postgres of the user's, by the connection that names it. */
import pg from 'pg';
import { AppError } from '#core/errors.ts';
import type { Connection } from '#platform/secrets/connection.ts';

const CONNECT_TIMEOUT_MS = 10_000;
const STATEMENT_TIMEOUT_MS = 60_000;
const POSTGRES: ReadonlySet<string> = new Set(['postgres', 'postgresql']);

/** Not connected yet. Throws BAD_REQUEST for a connection that is no Postgres. */
export function newClient(connection: Connection): pg.Client {
  if (!POSTGRES.has(connection.type))
    throw new AppError(
      'BAD_REQUEST',
      `Connection "${connection.id}" is of type "${connection.type}"; waits and watches with SQL know Postgres only.`,
    );
  return new pg.Client({
    host: connection.host ?? 'localhost',
    port: connection.port ?? 5432,
    user: connection.login ?? 'postgres',
    ...(connection.password === null ? {} : { password: connection.password }),
    database: connection.schema ?? connection.login ?? 'postgres',
    application_name: 'windlass:triggerer',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    query_timeout: STATEMENT_TIMEOUT_MS + 5_000,
    keepAlive: true,
  });
}

/** Dates and the like as JSON has them. */
export function plainRows(rows: readonly unknown[]): Readonly<Record<string, unknown>>[] {
  return JSON.parse(JSON.stringify(rows)) as Record<string, unknown>[];
}
