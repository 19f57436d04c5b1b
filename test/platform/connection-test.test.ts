/**
 * Goal: trying a connection says what answered or what is wrong, from a cage that nothing gets out of. Method: the caged process itself, against
 * real servers and emulators.
 */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { systemClock } from '#platform/clock.ts';
import { testConnection } from '#platform/connection-test/test-connection.ts';
import { type Connection, parseConnection } from '#platform/secrets/connection.ts';
import { createDatabase, type TestDatabase } from '#test/support/postgres.ts';
import { startRedis } from '#test/support/redis.ts';
import { type RunningEmulators, startEmulators } from '../../emulators/main.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const folder = mkdtempSync(join(tmpdir(), 'windlass-connection-test-'));
let database: TestDatabase;
let emulators: RunningEmulators;
let silent: Server;
beforeAll(async () => {
  database = await createDatabase();
  emulators = await startEmulators({ ports: { gcs: 0, bigquery: 0, s3: 0 }, clock: systemClock });
  silent = createServer((socket) => socket.end('HTTP/1.1 403 no\r\ncontent-length: 0\r\n\r\n'));
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  silent.close();
  await emulators.stop();
  await database.drop();
});

const test = async (connection: Connection) => {
  const { ok, message } = await testConnection(connection, systemClock);
  return { ok, message };
};
const emulated = (variable: string) => parseConnection('c', (emulators.connections as Record<string, string>)[variable] as string);

it('Postgres says its version, the database and the login', async () => {
  const found = await test(parseConnection('c', database.url));
  expect(found).toEqual({ ok: true, message: expect.stringMatching(/^Postgres \d+\.\d+, database \S+, as \S+$/) });
});

it('a wrong password and a closed port are told in words, without the password', async () => {
  const url = new URL(database.url);
  url.password = 'tall-ship-42';
  const wrong = await test(parseConnection('c', url.href));
  expect(wrong.ok || wrong.message.includes('the password is wrong')).toBe(true);
  expect(wrong.message).not.toContain('tall-ship-42');
  expect(await test(parseConnection('c', 'postgres://me:tall-ship-42@127.0.0.1:1/db'))).toEqual({
    ok: false,
    message: expect.stringContaining('nothing listens there'),
  });
});

it('clouds say who asks and what there is', async () => {
  expect(await test(emulated('WINDLASS_CONN_GOOGLE_CLOUD_DEFAULT'))).toEqual({
    ok: true,
    message: 'Google Cloud Storage, as an emulator: 1 bucket',
  });
  expect(await test(emulated('WINDLASS_CONN_AWS_DEFAULT'))).toEqual({ ok: true, message: expect.stringMatching(/^S3, as \S+: 1 bucket$/) });
});

it('Redis says its version; a wrong password is told without it', async () => {
  const redis = await startRedis();
  try {
    expect(await test(parseConnection('c', redis.url))).toEqual({ ok: true, message: expect.stringMatching(/^Redis \d+\.\d+/) });
    const url = new URL(redis.url);
    url.password = 'tall-ship-42';
    const wrong = await test(parseConnection('c', url.href));
    expect(wrong).toEqual({ ok: false, message: expect.stringContaining('Redis refuses: WRONGPASS') });
    expect(wrong.message).not.toContain('tall-ship-42');
  } finally {
    await redis.stop();
  }
});

it('a server that refuses the login is told', async () => {
  const { port } = silent.address() as { port: number };
  expect(await test(parseConnection('c', `http://me:tall-ship-42@127.0.0.1:${port}`))).toEqual({
    ok: false,
    message: `http://127.0.0.1:${port} answers 403: the login or the headers are refused.`,
  });
});

it('files are opened for reading only, and no other file is readable', async () => {
  const path = join(folder, 'books.sqlite');
  const books = new DatabaseSync(path);
  books.exec('create table books (id int)');
  books.close();
  const sqlite = { ...parseConnection('c', 'sqlite://x'), type: 'sqlite' };
  expect(await test({ ...sqlite, host: path })).toEqual({ ok: true, message: 'SQLite file with 1 table' });
  expect(await test({ ...sqlite, host: join(folder, 'none.sqlite') })).toEqual({
    ok: false,
    message: expect.stringContaining('There is no file'),
  });
  const secret = join(folder, 'secret.json');
  writeFileSync(secret, '{}');
  // Only a file that the connection names in the field of a key may be read.
  const elsewhere = parseConnection('c', `{"conn_type": "sftp", "host": "127.0.0.1", "login": "me", "extra": {"other": "${secret}"}}`);
  expect((await test(elsewhere)).ok).toBe(false);
});

it('a type that nobody knows is told', async () => {
  expect(await test(parseConnection('c', 'teleport://somewhere'))).toEqual({
    ok: false,
    message: expect.stringMatching(/^Connections of type "teleport" cannot be tested\. Those of postgres, /),
  });
});
