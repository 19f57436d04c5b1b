/**
 * Connections to Postgres, made from a Windlass connection.
 */
import type { ConnectionOptions } from 'node:tls';
import type { RecordBatch } from 'apache-arrow';
import pg from 'pg';
import type { Connection } from '#sdk/context.ts';
import type { AnyColumns } from '../arrow/frame.ts';
import { tracedBatches } from '../sql/statement-lineage.ts';
import { postgresTables } from './known-tables.ts';
import { type LoadOptions, type LoadResult, loadTable } from './load-table.ts';
import { unloadBatches } from './unload.ts';
import { VALUE_PARSERS } from './value-parsers.ts';

/** What is needed of a connection; `schema` is the database. */
export type PostgresConnection = Pick<Connection, 'id' | 'type' | 'host' | 'port' | 'login' | 'password' | 'schema'> & {
  readonly extra?: Connection['extra'];
};

/** Whatever hands out connections: a task's `ctx`. */
export interface ConnectionSource {
  conn<T>(id: string): Promise<T>;
  readonly signal?: AbortSignal;
}

export interface ConnectOptions {
  /** Cuts the connection when aborted; what was not committed is rolled back. */
  readonly signal?: AbortSignal | undefined;
  /** Shown in pg_stat_activity; default "windlass". */
  readonly applicationName?: string;
  /** Give up on connecting after this; default 10 s. */
  readonly connectTimeoutMs?: number;
}

/** An open connection. `await using` closes it. */
export interface Postgres extends AsyncDisposable {
  /** The pg client, for whatever is not here. */
  readonly client: pg.Client;
  /** Runs one statement; `$1` in it is `values[0]`. bigint comes as a number where that is exact. */
  query<Row extends object = Record<string, unknown>>(sql: string, values?: readonly unknown[]): Promise<Row[]>;
  /** Loads a frame into a table, all of it or nothing. */
  loadTable(options: LoadOptions): Promise<LoadResult>;
  /** Rows of a select without parameters as a frame, batch by batch, whatever their number. */
  batches(sql: string, batchRows?: number): AsyncGenerator<RecordBatch<AnyColumns>>;
  close(): Promise<void>;
}

/** Opens the connection `id` of a task: `await using warehouse = await connectPostgres(ctx, 'warehouse')`. */
export async function connectPostgres(ctx: ConnectionSource, id: string, options: ConnectOptions = {}): Promise<Postgres> {
  const connection = await ctx.conn<PostgresConnection>(id);
  return openPostgres(connection, { signal: ctx.signal, ...options });
}

const POSTGRES_TYPES = new Set(['postgres', 'postgresql']);

/** Opens a connection. Throws, naming the connection and what to check, when the server cannot be reached. */
export async function openPostgres(connection: PostgresConnection, options: ConnectOptions = {}): Promise<Postgres> {
  if (!POSTGRES_TYPES.has(connection.type)) {
    throw new TypeError(`connection "${connection.id}" is of type "${connection.type}", not postgres. Name another, or change its type.`);
  }
  // Dates given as parameters are written in UTC, as the session reads them.
  pg.defaults.parseInputDatesAsUTC = true;
  const client = new pg.Client({
    host: connection.host ?? 'localhost',
    port: connection.port ?? 5432,
    user: connection.login ?? 'postgres',
    ...(connection.password === null ? {} : { password: connection.password }),
    database: connection.schema ?? connection.login ?? 'postgres',
    ssl: sslOptions(connection),
    application_name: options.applicationName ?? 'windlass',
    connectionTimeoutMillis: options.connectTimeoutMs ?? 10_000,
    keepAlive: true,
    options: '-c TimeZone=UTC -c DateStyle=ISO',
    types: VALUE_PARSERS,
  });
  // A connection lost while idle must not end the process; the next query reports it.
  client.on('error', () => undefined);
  await client.connect().catch((cause: unknown) => {
    throw cannotConnect(connection, cause);
  });
  const cut = () => (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
  options.signal?.addEventListener('abort', cut, { once: true });
  if (options.signal?.aborted) cut();
  const close = async () => {
    options.signal?.removeEventListener('abort', cut);
    await client.end();
  };
  return {
    client,
    query: async <Row extends object>(sql: string, values: readonly unknown[] = []) => (await client.query<Row>(sql, [...values])).rows,
    loadTable: (load) => loadTable(client, load, connection.id),
    batches: (sql, batchRows) => tracedBatches(unloadBatches(client, sql, batchRows), sql, postgresTables(client, connection.id)),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** libpq's sslmode, from the connection's extra: `{"sslmode": "verify-full"}`. */
const SSL_MODES: Readonly<Record<string, false | ConnectionOptions>> = {
  disable: false,
  require: { rejectUnauthorized: false },
  'verify-ca': { checkServerIdentity: () => undefined },
  'verify-full': {},
};

function sslOptions(connection: PostgresConnection): false | ConnectionOptions {
  const mode = connection.extra?.['sslmode'] ?? 'disable';
  const options = typeof mode === 'string' && Object.hasOwn(SSL_MODES, mode) ? SSL_MODES[mode] : undefined;
  if (options !== undefined) return options;
  throw new TypeError(`connection "${connection.id}": sslmode ${JSON.stringify(mode)} is not one of ${Object.keys(SSL_MODES).join(', ')}.`);
}

const ADVICE: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there. Is the server running, and are host and port right?',
  ENOTFOUND: 'there is no such host. Check the spelling of the host.',
  '28P01': 'the password is wrong. Change it in the connection.',
  '28000': 'the server does not let this login in. Check login and pg_hba.conf.',
  '3D000': 'there is no such database. Create it, or change the schema (database) of the connection.',
  '53300': 'the server has no connection free. Raise max_connections, or run fewer tasks at once (a pool).',
};

function cannotConnect(connection: PostgresConnection, cause: unknown): Error {
  const { code, message } = cause as { code?: string; message?: string };
  const place = `${connection.host ?? 'localhost'}:${connection.port ?? 5432}/${connection.schema ?? ''}`;
  const advice = (code === undefined ? undefined : ADVICE[code]) ?? `${message ?? code}.`;
  return new Error(`Postgres connection "${connection.id}" (${place}) cannot be opened: ${advice}`, { cause });
}
