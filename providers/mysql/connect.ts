/** Connections to MySQL and MariaDB, made from a Windlass connection. */
import type { Connection as MysqlClient, RowDataPacket } from 'mysql2/promise';
import type { Connection } from '#sdk/context.ts';
import { Fatal } from '#sdk/outcomes.ts';
import { narrow } from '../arrow/cell.ts';
import { type LoadOptions, type LoadResult, loadTable } from './load-table.ts';

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
  return new Mysql(client, signal);
}

export class Mysql implements AsyncDisposable {
  /** The driver's connection, for whatever is not here. */
  readonly client: MysqlClient;
  readonly #release: () => void;

  constructor(client: MysqlClient, signal: AbortSignal | undefined) {
    this.client = client;
    const cut = () => client.destroy();
    signal?.addEventListener('abort', cut, { once: true });
    this.#release = () => signal?.removeEventListener('abort', cut);
  }

  /** Runs one statement; the first `?` in it is `values[0]`. bigint as a number (a bigint beyond ±2^53), datetime as Date in UTC, date and decimal as text. */
  async query<Row extends object = Record<string, unknown>>(sql: string, values: readonly unknown[] = []): Promise<Row[]> {
    const [rows] = await this.client.query<RowDataPacket[]>(sql, [...values]);
    return Array.isArray(rows) ? (rows.map((row) => ({ ...row })) as unknown as Row[]) : [];
  }

  /** Loads a frame into a table, all of it or nothing. */
  loadTable(options: LoadOptions): Promise<LoadResult> {
    return loadTable(this.client, options);
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
