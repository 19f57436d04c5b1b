// Goal: `windlass db` brings an empty database up, tells its state by exit code, and empties only what is ours.
// Method: the real bin on databases of the run's Postgres.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, inject, test, vi } from 'vitest';
import { type Database, openDatabase } from '#platform/db/client.ts';
import { dropDatabase, ensureDatabase } from '#platform/db/embedded-databases.ts';
import { quietLogger } from '#platform/logger.ts';
import { windlass } from '../support/windlass-process.ts';

// Each command is a process of its own: seconds on a busy machine.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let admin: Database;
let name: string;
let url: string;
let folder: string;

beforeAll(() => {
  admin = openDatabase({ url: inject('postgresUrl'), applicationName: 'test:cli', logger: quietLogger(), maxConnections: 1 });
  folder = mkdtempSync(join(tmpdir(), 'windlass-cli-'));
});
afterAll(async () => {
  await dropDatabase(admin, name);
  await admin.close();
  rmSync(folder, { recursive: true });
});
beforeEach(async () => {
  if (name !== undefined) await dropDatabase(admin, name);
  name = `cli_${randomBytes(4).toString('hex')}`;
  await ensureDatabase(admin, name);
  const own = new URL(inject('postgresUrl'));
  own.pathname = `/${name}`;
  url = own.href;
});

const db = (command: string, ...args: string[]) =>
  windlass(['db', command, ...args], { folder, environment: { DATABASE_URL: url, WINDLASS_ADMIN_PASSWORD: 'a-long-password' } });

async function ask(sql: string): Promise<Record<string, unknown>[]> {
  const own = openDatabase({ url, applicationName: 'test:cli', logger: quietLogger(), maxConnections: 1 });
  try {
    return (await own.pool.query(sql)).rows as Record<string, unknown>[];
  } finally {
    await own.close();
  }
}

test('check fails on an empty database and names the command that helps; migrate makes it pass', async () => {
  const empty = await db('check');
  expect(empty.stderr).toMatch(/SCHEMA_MISSING: .*Run: windlass db migrate/);
  expect(empty.code).toBe(1);

  const migrated = await db('migrate');
  expect(migrated.stderr).toMatch(
    /applied 0001_init\.sql[\s\S]*Made the first user, admin, with the password from WINDLASS_ADMIN_PASSWORD/,
  );
  expect(migrated.stderr).not.toContain('a-long-password');
  expect(migrated.code).toBe(0);

  const again = await db('migrate');
  expect(again.stderr).toBe('The database is up to date.\n');
  expect((await db('check', '--json')).stdout).toMatch(/"status": "healthy"/);
});

test('two migrations at once do no harm', async () => {
  const both = await Promise.all([db('migrate'), db('migrate')]);
  expect(both.map((one) => one.code)).toEqual([0, 0]);
  expect(await ask('select count(*)::int as users from app_user')).toEqual([{ users: 1 }]);
});

test('migrate makes the key of a new deployment once', async () => {
  const key = join(folder, 'keys/secret-key');
  const environment = { DATABASE_URL: url, WINDLASS_SECRET_KEY_FILE: key };
  expect((await windlass(['db', 'migrate'], { folder, environment })).stderr).toContain(
    `Made the key that encrypts connections and variables: ${key}`,
  );
  const made = readFileSync(key, 'utf8');
  expect(made.trim().length).toBeGreaterThanOrEqual(32);
  expect(statSync(key).mode & 0o007).toBe(0);
  expect((await windlass(['db', 'migrate'], { folder, environment })).code).toBe(0);
  expect(readFileSync(key, 'utf8')).toBe(made);
});

test('reset --yes empties a database of Windlass and leaves any other alone', async () => {
  await db('migrate');
  expect((await db('reset', '--yes')).code).toBe(0);
  expect(await ask('select count(*)::int as users from app_user')).toEqual([{ users: 0 }]);

  await ask('drop schema public cascade; create schema public; create table customers (n int)');
  const refused = await db('reset', '--yes');
  expect(refused.stderr).toMatch(/has 1 tables that are not Windlass's. Nothing was removed. Check DATABASE_URL/);
  expect(refused.code).toBe(1);
  expect(await ask('select count(*)::int as n from customers')).toEqual([{ n: 0 }]);
});

test('a role refuses to start on a database that is not migrated', async () => {
  const { code, stderr } = await windlass(['worker'], { folder, environment: { DATABASE_URL: url, WINDLASS_LOG_FORMAT: 'json' } });
  expect(stderr).toMatch(/Run: windlass db migrate/);
  expect(code).toBe(1);
});
