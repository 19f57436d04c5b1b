// Goal: the check for secrets (INV-22) finds one wherever it stands. Method: it is put into a file, a row and values of Redis.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createDatabase, type TestDatabase } from '#test/support/postgres.ts';
import { startRedis, type TestRedis } from '#test/support/redis.ts';
import type { Evidence } from './checks/check.ts';
import { TRACE_CHECKS } from './checks/traces.ts';

const SENTINEL = 'tall-ship-4711';
const folder = mkdtempSync(join(tmpdir(), 'windlass-secret-check-'));
let redis: TestRedis;
let database: TestDatabase;

beforeAll(async () => {
  [redis, database] = await Promise.all([startRedis(), createDatabase()]);
});
afterAll(async () => {
  await Promise.all([redis.stop(), database.drop()]);
  rmSync(folder, { recursive: true });
});

const sql = async <Row>(text: string, values: unknown[] = []) => (await database.db.pool.query(text, values)).rows as Row[];
const found = async () => {
  const cluster = { sentinel: SENTINEL, servers: { folder, redis: redis.say }, sql };
  return TRACE_CHECKS.find((one) => one.id === 'INV-22')?.violations({ cluster } as unknown as Evidence);
};

it('finds nothing where nothing stands', async () => {
  await redis.say('SET other value');
  expect(await found()).toEqual([]);
});

it('finds it in a log, deep in a folder', async () => {
  mkdirSync(join(folder, 'logs', 'deep'), { recursive: true });
  writeFileSync(join(folder, 'logs', 'deep', 'a.log'), `password=${SENTINEL}!`);
  expect(await found()).toEqual([`the secret stands in ${join(folder, 'logs', 'deep', 'a.log')}`]);
  rmSync(join(folder, 'logs'), { recursive: true });
});

it('finds it in a row of a table', async () => {
  await sql(`insert into audit_log (actor, action, extra) values ('u', 'x', $1)`, [{ deep: [SENTINEL] }]);
  expect(await found()).toEqual(['the secret stands in 1 rows of audit_log']);
  await sql('delete from audit_log');
});

it.for(['SET k', 'HSET k field', 'RPUSH k', 'SADD k', 'ZADD k 1', 'XADD k * field'])('finds it in Redis, written by %s', async (write) => {
  await redis.say(`${write} a${SENTINEL}b`);
  expect(await found()).toEqual(['the secret stands in Redis: k']);
  await redis.say('DEL k');
  expect(await found()).toEqual([]);
});
