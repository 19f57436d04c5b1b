/** Connections to MySQL and MariaDB, made from a Windlass connection. */
import type { RecordBatch } from 'apache-arrow';
import type { Connection as MysqlClient, ResultSetHeader, RowDataPacket } from 'mysql2/promise';
import type { Connection } from '#sdk/context.ts';
import { Fatal } from '#sdk/outcomes.ts';
import { isReporting, reportWritten } from '#sdk/runtime/asset-writes.ts';
import { narrow } from '../arrow/cell.ts';
import type { AnyColumns } from '../arrow/frame.ts';
import { type FrameTables, NO_FRAMES, tracedBatches } from '../sql/statement-lineage.ts';
import { type LoadOptions, type LoadResult, loadTable } from './load-table.ts';
import { describeMysqlWriting, mysqlTables, standardMysql } from './mysql-lineage.ts';
import { unloadBatches } from './unload.ts';

/** What is needed of a connection; `schema` is the database. */
export type MysqlConnection = Pick<Connection, 'id' | 'type' | 'host' | 'port' | 'login' | 'password' | 'schema' | 'extra'>;

/** Whatever hands out connections: a task's `ctx`. */
export interface ConnectionSource {
  conn<T>(id: string): Promise<T>;
  readonly signal?: AbortSignal;
}

const CONNECT_MS = 10_000;
/** A value that does not fit is an error, as in Postgres, and a backslash escapes, which the driver's escaping relies on. */
const SESSION = "set session sql_mode = 'STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE', time_zone = '+00:00'";

/** Opens the connection `id` of a task: `await using shop = await connectMysql(ctx, 'shop')`. */
export async function connectMysql(ctx: ConnectionSource, id: string): Promise<Mysql> {
  return openMysql(await ctx.conn<MysqlConnection>(id), ctx.signal);
}

/** Opens a connection; `{"ssl": true}` in the extra asks for TLS. Throws, naming the connection and what to check. */
export async function openMysql(connection: MysqlConnection, signal?: AbortSignal): Promise<Mysql> {
  if (connection.type !== 'mysql' && connection.type !== 'mariadb')
    throw new Fatal(`connection "${connection.id}" is of type "${connection.type}", not mysql. Name another, or change its type.`);
  signal?.throwIfAborted();
  const { createConnection } = await import('mysql2/promise');
  const client = await createConnection({
    host: connection.host ?? 'localhost',
    port: connection.port ?? 3306,
    user: connection.login ?? 'root',
    ...(connection.password === null ? {} : { password: connection.password }),
    ...(connection.schema === null ? {} : { database: connection.schema }),
    ...(connection.extra['ssl'] ? { ssl: {} } : {}),
    connectTimeout: CONNECT_MS,
    charset: 'utf8mb4',
    timezone: 'Z',
    dateStrings: ['DATE'],
    typeCast: (field, next) => {
      if (field.type !== 'LONGLONG') return next();
      const digits = field.string();
      return digits === null ? null : narrow(BigInt(digits));
    },
  }).catch((cause: unknown) => {
    throw cannotConnect(connection, cause);
  });
  // A connection lost while idle must not end the process; the next query reports it.
  client.on('error', () => undefined);
  await client.query(SESSION);
  return new Mysql(client, connection.id, signal);
}

export class Mysql implements AsyncDisposable {
  /** The driver's connection, for whatever is not here. */
  readonly client: MysqlClient;
  readonly #connectionId: string;
  readonly #release: () => void;

  constructor(client: MysqlClient, connectionId: string, signal: AbortSignal | undefined) {
    this.client = client;
    this.#connectionId = connectionId;
    const cut = () => client.destroy();
    signal?.addEventListener('abort', cut, { once: true });
    this.#release = () => signal?.removeEventListener('abort', cut);
  }

  /** Runs one statement; the first `?` in it is `values[0]`. bigint as a number (a bigint beyond ±2^53), datetime as Date in UTC, date and decimal as text. */
  async query<Row extends object = Record<string, unknown>>(sql: string, values: readonly unknown[] = []): Promise<Row[]> {
    const [rows] = await this.client.query<RowDataPacket[]>(sql, [...values]);
    if (Array.isArray(rows)) return rows.map((row) => ({ ...row })) as unknown as Row[];
    await this.#report(sql, rows as ResultSetHeader, NO_FRAMES);
    return [];
  }

  /** Runs a statement that changes something; returns the rows it changed. What it writes by a select is told. */
  async run(sql: string, frames: FrameTables = NO_FRAMES): Promise<number> {
    const [result] = await this.client.query<ResultSetHeader>(sql);
    await this.#report(sql, result, frames);
    return result.affectedRows ?? 0;
  }

  /** Rows of a select as a frame, batch by batch, whatever their number. */
  batches(sql: string, frames: FrameTables = NO_FRAMES): AsyncGenerator<RecordBatch<AnyColumns>> {
    const tables = mysqlTables(this.client, this.#connectionId);
    return tracedBatches(unloadBatches(this.client, sql), standardMysql(sql), tables, frames);
  }

  /** Loads a frame into a table, all of it or nothing. */
  loadTable(options: LoadOptions): Promise<LoadResult> {
    return loadTable(this.client, options, this.#connectionId);
  }

  /** Many statements of MySQL end the transaction they are in, so that there is nothing to ask before. */
  async #report(sql: string, { affectedRows }: ResultSetHeader, frames: FrameTables): Promise<void> {
    if (!isReporting()) return;
    const described = { sql, connectionId: this.#connectionId, rows: affectedRows ?? 0, frames };
    const written = await describeMysqlWriting(this.client, described).catch(() => null);
    if (written !== null) reportWritten(written);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#release();
    await this.client.end().catch(() => undefined);
  }
}

const ADVICE: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there. Is the server running, and are host and port right?',
  ENOTFOUND: 'there is no such host. Check the spelling of the host.',
  ER_ACCESS_DENIED_ERROR: 'the login is refused. Correct login and password.',
  ER_BAD_DB_ERROR: 'there is no such database. Create it, or change the schema (database) of the connection.',
};

function cannotConnect({ id, host, port, schema }: MysqlConnection, cause: unknown): Error {
  const { code, message } = cause as { code?: string; message?: string };
  const place = `${host ?? 'localhost'}:${port ?? 3306}/${schema ?? ''}`;
  return new Error(`MySQL connection "${id}" (${place}) cannot be opened: ${ADVICE[code ?? ''] ?? `${message ?? code}.`}`, { cause });
}
