/**
 * A server that speaks MySQL's protocol (mysql2's own) and keeps its tables in SQLite, with the few words of MySQL that the provider
 * uses put into SQLite's. TEST_MYSQL_URL leads to a real server instead.
 */
import { createHash } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { DatabaseSync } from 'node:sqlite';
import mysql from 'mysql2';

export interface MysqlServer {
  readonly connection: {
    readonly host: string;
    readonly port: number;
    readonly login: string;
    readonly password: string | null;
    readonly schema: string;
  };
  stop(): Promise<void>;
}

const PASSWORD = 'secret';
const TYPES = { bigint: 8, number: 5, string: 253 } as const;
const UTF8MB4 = 45;

export async function startMysqlServer(): Promise<MysqlServer> {
  const real = process.env['TEST_MYSQL_URL'];
  if (real !== undefined) return realServer(new URL(real));
  const database = new DatabaseSync(':memory:');
  // biome-ignore lint/suspicious/noExplicitAny: mysql2 does not describe its server's connections
  const connections = new Set<any>();
  const server = (mysql.createServer as unknown as () => Server)();
  // biome-ignore lint/suspicious/noExplicitAny: as above
  server.on('connection', (connection: any) => {
    connections.add(connection);
    connection.on('error', () => undefined);
    connection.serverHandshake({
      protocolVersion: 10,
      serverVersion: '8.0.0-test',
      connectionId: connections.size,
      statusFlags: 2,
      characterSet: UTF8MB4,
      capabilityFlags: 0xffffff & ~(1 << 11),
      authCallback: (login: Login, done: (error: null, refusal?: { message: string; code: number }) => void) => {
        done(null, isRight(login) ? undefined : { message: 'Access denied', code: 1045 });
        connection.sequenceId = 0;
      },
    });
    // "set …" comes by this name.
    connection.on('stmt_prepare', () => {
      connection.sequenceId = 1;
      connection.writeOk();
      connection.sequenceId = 0;
    });
    connection.on('query', (sql: string) => {
      // Numbered anew with each command, which mysql2 leaves to whoever answers.
      connection.sequenceId = 1;
      try {
        answer(connection, database, sql);
      } catch (error) {
        connection.writeError({ code: 1064, message: (error as Error).message });
      }
      connection.sequenceId = 0;
    });
  });
  server.listen(0);
  const { _server: listening } = server as unknown as {
    _server: { address(): AddressInfo; once(event: 'listening', run: () => void): void };
  };
  if (listening.address() === null) await new Promise<void>((resolve) => listening.once('listening', resolve));
  return {
    connection: { host: '127.0.0.1', port: listening.address().port, login: 'root', password: PASSWORD, schema: 'test' },
    async stop() {
      for (const connection of connections) connection.stream.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
      database.close();
    },
  };
}

function realServer({ hostname, port, username, password, pathname }: URL): MysqlServer {
  const login = { login: username, password: password === '' ? null : password, schema: pathname.slice(1) };
  return { connection: { host: hostname, port: Number(port), ...login }, stop: async () => undefined };
}

// biome-ignore lint/suspicious/noExplicitAny: as below
type Server = { on(event: 'connection', run: (connection: any) => void): void; listen(port: number): void; close(done: () => void): void };

interface Login {
  readonly authPluginData1: Buffer;
  readonly authPluginData2: Buffer;
  readonly authToken: Buffer;
}

/** mysql_native_password: sha1(password) xor sha1(scramble + sha1(sha1(password))). */
function isRight({ authPluginData1, authPluginData2, authToken }: Login): boolean {
  const sha1 = (...parts: (string | Buffer)[]) => parts.reduce((hash, part) => hash.update(part), createHash('sha1')).digest();
  const once = sha1(PASSWORD);
  const mask = sha1(authPluginData1, authPluginData2.subarray(0, 12), sha1(once));
  return Buffer.from(once.map((byte, index) => byte ^ (mask[index] as number))).equals(authToken);
}

// biome-ignore lint/suspicious/noExplicitAny: as above
function answer(connection: any, database: DatabaseSync, sql: string): void {
  const renames = /^rename table (.*)$/.exec(sql)?.[1];
  if (renames !== undefined) {
    for (const pair of renames.split(', ')) database.exec(`alter table ${pair.replace(' to ', ' rename to ')}`);
    connection.writeOk();
    return;
  }
  const statement = database.prepare(toSqlite(sql));
  statement.setReadBigInts(true);
  if (!/^select/i.test(sql)) {
    connection.writeOk({ affectedRows: Number(statement.run().changes) });
    return;
  }
  const rows = statement.all() as Record<string, unknown>[];
  // SQLite knows no types of columns: of those without rows, by the rows that there are.
  const typed = / limit 0$/.test(sql) ? (database.prepare(toSqlite(sql).replace(/ limit 0$/, ' limit 1')).all() as typeof rows) : rows;
  const columns = statement.columns().map(({ name }) => {
    const kind = typeof typed.find((row) => row[name] !== null)?.[name];
    const columnType = TYPES[kind as keyof typeof TYPES] ?? TYPES.string;
    return {
      catalog: 'def',
      schema: 'test',
      table: '',
      orgTable: '',
      name,
      orgName: name,
      characterSet: UTF8MB4,
      columnLength: 1024,
      columnType,
      flags: 0,
      decimals: 31,
    };
  });
  const texts = rows.map((row) =>
    Object.fromEntries(Object.entries(row).map(([name, value]) => [name, value === null ? null : String(value)])),
  );
  connection.writeTextResult(texts, columns);
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', 0: '\0', Z: '\x1a', b: '\b' };

function toSqlite(sql: string): string {
  return sql
    .replace(
      /'((?:[^'\\]|\\.|'')*)'/gs,
      (_, inner: string) => `'${inner.replace(/\\(.)/gs, (__, char: string) => (char === "'" ? "''" : (ESCAPES[char] ?? char)))}'`,
    )
    .replace(/^select (?:get|release)_lock\(.*$/s, 'select 1 as locked')
    .replace(/^start transaction$/, 'begin')
    .replace(/ default charset = utf8mb4$/, '')
    .replace(/ as char\)/g, ' as text)')
    .replace(
      /from information_schema\.columns where table_schema = \S+ and table_name = ('[^']*').*$/,
      `from (select name as column_name, lower(type) as column_type, iif("notnull", 'NO', 'YES') as is_nullable from pragma_table_info($1))`,
    )
    .replace(
      /from information_schema\.tables where table_schema = database\(\)/,
      "from (select name as table_name from sqlite_master where type = 'table')",
    );
}
