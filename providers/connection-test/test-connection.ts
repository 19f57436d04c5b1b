/** What it takes to find out whether a connection works: by type, one small question that changes nothing. */
import { access } from 'node:fs/promises';
import type { Connection } from '#sdk/context.ts';

export interface ConnectionFinding {
  readonly ok: boolean;
  /** What answered, or what is wrong and what to do. */
  readonly message: string;
}

type Test = (connection: Connection) => Promise<string>;

/** Never rejects. */
export async function testConnection(connection: Connection): Promise<ConnectionFinding> {
  const test = TESTS[connection.type];
  if (test === undefined)
    return {
      ok: false,
      message: `Connections of type "${connection.type}" cannot be tested. Those of ${[...new Set(Object.keys(TESTS))].join(', ')} can.`,
    };
  try {
    return { ok: true, message: await test(connection) };
  } catch (error) {
    return { ok: false, message: wordsOf(error) };
  }
}

const testPostgres: Test = async (connection) => {
  const { openPostgres } = await import('../postgres/connect.ts');
  await using postgres = await openPostgres(connection, { connectTimeoutMs: 8_000, applicationName: 'windlass connection test' });
  const [row] = await postgres.query<{ version: string; database: string; login: string }>(
    "select current_setting('server_version') as version, current_database() as database, current_user as login",
  );
  return `Postgres ${row?.version.split(' ')[0]}, database ${row?.database}, as ${row?.login}`;
};

const testMysql: Test = async (connection) => {
  const { openMysql } = await import('../mysql/connect.ts');
  await using mysql = await openMysql(connection);
  const [row] = await mysql.query<{ version: string; login: string }>('select version() as version, current_user() as login');
  return `MySQL ${row?.version}, as ${row?.login}`;
};

const testGoogle: Test = async (connection) => {
  const { readGoogleConnection } = await import('../google/connection.ts');
  const { openGcs } = await import('../google/gcs.ts');
  const google = await readGoogleConnection(connection);
  const who =
    google.credentials?.['client_email'] ?? (google.storageEndpoint === undefined ? "the machine's own credentials" : 'an emulator');
  const { client: storage } = await openGcs(google);
  try {
    const [buckets] = await storage.getBuckets({ maxResults: 100, autoPaginate: false });
    return `Google Cloud Storage, as ${who}: ${counted(buckets.length, 'bucket')}`;
  } catch (error) {
    if ((error as { code?: number }).code !== 403) throw error;
    return `Google Cloud Storage accepts ${who}, which may not list buckets (roles/storage.objectAdmin on a bucket is enough for tasks)`;
  }
};

const testAws: Test = async (connection) => {
  const { readAwsConnection } = await import('../amazon/connection.ts');
  const { openS3 } = await import('../amazon/s3.ts');
  const { ListBucketsCommand } = await import('@aws-sdk/client-s3');
  await using s3 = await openS3(readAwsConnection(connection));
  try {
    const { Buckets = [] } = await s3.client.send(new ListBucketsCommand({}));
    return `S3, as ${connection.login ?? "the machine's own credentials"}: ${counted(Buckets.length, 'bucket')}`;
  } catch (error) {
    if ((error as Error).name !== 'AccessDenied') throw error;
    return `S3 accepts ${connection.login}, which may not list buckets`;
  }
};

const testHttp: Test = async ({ host, port, schema, login, password, extra }) => {
  if (!host) throw new Error('The connection has no host.');
  const url = new URL(/^https?:\/\//.test(host) ? host : `${schema || 'http'}://${host}`);
  if (port !== null) url.port = String(port);
  const headers = Object.fromEntries(Object.entries(extra).filter(([, value]) => typeof value === 'string')) as Record<string, string>;
  if (login !== null) headers['authorization'] = `Basic ${Buffer.from(`${login}:${password ?? ''}`).toString('base64')}`;
  const { status } = await fetch(url, { headers, redirect: 'manual', signal: AbortSignal.timeout(10_000) });
  if (status === 401 || status === 403) throw new Error(`${url.origin} answers ${status}: the login or the headers are refused.`);
  if (status >= 500) throw new Error(`${url.origin} answers ${status}: the server has a problem of its own.`);
  return `${url.origin} answers ${status}`;
};

const testSftp: Test = async (connection) => {
  const { openSftp } = await import('../sftp/sftp.ts');
  await using sftp = await openSftp(connection);
  return `SFTP, as ${connection.login}: ${counted((await sftp.list('.')).length, 'file')} in the home folder`;
};

const testSmtp: Test = async ({ host, port, login, password, extra }) => {
  if (!host) throw new Error('The connection has no host: that of the SMTP server.');
  const { createTransport } = await import('nodemailer');
  const transport = createTransport({
    host,
    port: port ?? (extra['tls'] === false ? 25 : 587),
    secure: port === 465,
    ignoreTLS: extra['tls'] === false,
    ...(login && password ? { auth: { user: login, pass: password } } : {}),
    connectionTimeout: 8_000,
    greetingTimeout: 8_000,
    socketTimeout: 8_000,
  });
  try {
    await transport.verify();
    return `the mail server ${host} takes messages${login ? ` from ${login}` : ''}`;
  } finally {
    transport.close();
  }
};

/** Two commands by hand: a task needs no client of Redis, and what watches a stream is not here. */
const testRedis: Test = async ({ type, host, port, login, password, schema, extra }) => {
  const { connect } = await import('node:net');
  const secure = await import('node:tls');
  const place = { host: host ?? 'localhost', port: port ?? 6379 };
  const socket = type === 'rediss' || extra['ssl'] === true ? secure.connect({ ...place, servername: place.host }) : connect(place);
  socket.setEncoding('utf8').setTimeout(8_000, () => socket.destroy(new Error('Redis does not answer.')));
  const say = (...words: string[]) =>
    socket.write(`*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`);
  if (password !== null) say('AUTH', ...(login ? [login] : []), password);
  if (schema) say('SELECT', schema);
  say('INFO', 'server');
  let answer = '';
  try {
    for await (const text of socket) {
      answer += text as string;
      const refused = /(?:^|\r\n)-([^\r]*)/.exec(answer)?.[1];
      if (refused !== undefined) throw new Error(`Redis refuses: ${refused}`);
      const version = /(?:redis|valkey)_version:(\S+)/.exec(answer)?.[1];
      if (version !== undefined) return `Redis ${version}${login ? `, as ${login}` : ''}`;
    }
    throw new Error('Redis closed the connection without an answer.');
  } finally {
    socket.destroy();
  }
};

const testSqlite: Test = async (connection) => {
  const { DatabaseSync } = await import('node:sqlite');
  const database = new DatabaseSync(await existing(connection), { readOnly: true });
  const row = database.prepare("select count(*) as n from sqlite_master where type = 'table'").get();
  database.close();
  return `SQLite file with ${counted(Number(row?.['n']), 'table')}`;
};

const testDuckdb: Test = async (connection) => {
  const { DuckDBInstance } = await import('@duckdb/node-api');
  const instance = await DuckDBInstance.create(await existing(connection), { access_mode: 'READ_ONLY', threads: '1' });
  const db = await instance.connect();
  const rows = await (await db.runAndReadAll('select count(*)::int from duckdb_tables()')).getRows();
  db.closeSync();
  instance.closeSync();
  return `DuckDB file with ${counted(Number(rows[0]?.[0]), 'table')}`;
};

const TESTS: Readonly<Record<string, Test>> = {
  postgres: testPostgres,
  postgresql: testPostgres,
  mysql: testMysql,
  google_cloud_platform: testGoogle,
  gcpbigquery: testGoogle,
  google_cloud: testGoogle,
  aws: testAws,
  s3: testAws,
  http: testHttp,
  https: (connection) => testHttp({ ...connection, schema: connection.schema || 'https' }),
  sftp: testSftp,
  ssh: testSftp,
  smtp: testSmtp,
  redis: testRedis,
  rediss: testRedis,
  valkey: testRedis,
  sqlite: testSqlite,
  duckdb: testDuckdb,
};

async function existing({ host, schema }: Connection): Promise<string> {
  const path = host || schema;
  if (!path) throw new Error('The connection names no file: put its path into the host.');
  await access(path).catch(() => {
    throw new Error(`There is no file ${path} on this machine. A task would make it.`);
  });
  return path;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

function wordsOf(error: unknown): string {
  const { message, cause } = error as Error & { cause?: Error };
  const text = (message || String(error)).split('\n')[0] ?? '';
  if (/DECODER routines/.test(text)) return 'The private key cannot be read: is it whole, with its line breaks?';
  const why = text === 'fetch failed' && cause?.message ? `${text}: ${cause.message}` : text;
  return why.length > 600 ? `${why.slice(0, 600)}…` : why;
}
