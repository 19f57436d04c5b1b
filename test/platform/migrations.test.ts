/**
 * Goal: a schema changes under a working cluster: any number of migrators, each of which may die anywhere, end in the same
 * schema; whoever waits for a lock holds nobody else up for long; and processes know whether they can work with what they
 * find. Method: real migrators as processes on databases of their own, killed at their probes; the schema read from the catalogue.
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import { type Database, openDatabase } from '#platform/db/client.ts';
import { dropDatabase, ensureDatabase } from '#platform/db/embedded-databases.ts';
import { checkSchema, migrate, readMigrations } from '#platform/db/migrate.ts';
import { quietLogger } from '#platform/logger.ts';
import { createDatabase, type TestDatabase } from '#test/support/postgres.ts';
import { BIN } from '#test/support/process-tree.ts';
import { until } from '#test/support/until.ts';
import { cleanEnvironment } from '#test/support/windlass-process.ts';

vi.setConfig({ testTimeout: 180_000 });

const ARM = new URL('../probes/arm-probes.ts', import.meta.url).href;

let reference: TestDatabase;
let admin: Database;
let db: Database;
let name: string;

beforeAll(async () => {
  reference = await createDatabase();
  admin = openDatabase({ url: inject('postgresUrl'), applicationName: 'test:admin', logger: quietLogger(), maxConnections: 1 });
});
beforeEach(async () => {
  name = `m_${randomBytes(6).toString('hex')}`;
  await ensureDatabase(admin, name);
  const url = new URL(inject('postgresUrl'));
  url.pathname = `/${name}`;
  db = openDatabase({ url: url.href, applicationName: 'test:migrations', logger: quietLogger(), maxConnections: 4 });
  return async () => {
    await db.close();
    await dropDatabase(admin, name);
  };
});
afterAll(async () => {
  await admin.close();
  await reference.drop();
});

/** Everything that a schema is made of, in an order of its own. */
async function schemaOf(of: Database): Promise<readonly string[]> {
  const { rows } = await of.pool.query<{ line: string }>(`
    select 'column ' || table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable || ' ' || coalesce(column_default, '') as line
      from information_schema.columns where table_schema = 'public'
    union all select 'constraint ' || conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) from pg_constraint where connamespace = 'public'::regnamespace
    union all select 'index ' || indexdef from pg_indexes where schemaname = 'public'
    union all select 'function ' || proname || ' ' || md5(prosrc) from pg_proc where pronamespace = 'public'::regnamespace
    union all select 'trigger ' || pg_get_triggerdef(oid) from pg_trigger where not tgisinternal
    union all select 'migration ' || name from schema_migration
    order by 1`);
  return rows.map((row) => row.line);
}

/** `windlass db migrate` as a process, which ends by SIGKILL at the probe when one is named. */
function migrator(probe?: string): Promise<NodeJS.Signals | number | null> {
  const folder = mkdtempSync(join(tmpdir(), 'windlass-migrator-'));
  for (const part of ['armed', 'reached']) mkdirSync(join(folder, part));
  if (probe !== undefined) writeFileSync(join(folder, 'armed', probe), 'kill');
  const child = spawn(process.execPath, ['--import', ARM, BIN, 'db', 'migrate'], {
    env: cleanEnvironment({
      DATABASE_URL: db.url,
      WINDLASS_DATA_FOLDER: folder,
      PROBE_FOLDER: folder,
      WINDLASS_ADMIN_PASSWORD: 'a-long-password',
    }),
    stdio: 'ignore',
  });
  return new Promise((resolve) => child.once('exit', (code, signal) => resolve(signal ?? code)));
}

describe('migrators', () => {
  it('that die in the middle leave the rest to the next, and the schema is as if nobody had died', async () => {
    expect(await migrator('migrate.mid_file')).toBe('SIGKILL');
    await expect(checkSchema(db)).rejects.toMatchObject({ code: 'SCHEMA_MISSING' });
    expect(await migrator('migrate.between_files')).toBe('SIGKILL');
    const [{ done } = { done: 0 }] = (await db.pool.query<{ done: number }>('select count(*)::int as done from schema_migration')).rows;
    expect(done).toBe(1);
    expect(await migrator('migrate.before_guard')).toBe('SIGKILL');
    expect(await migrator()).toBe(0);
    expect(await schemaOf(db)).toEqual(await schemaOf(reference.db));
  });

  it('that start at once make one schema, though one of them dies', async () => {
    const ends = await Promise.all([migrator('migrate.between_files'), migrator(), migrator()]);
    expect(ends.slice(1)).toEqual([0, 0]);
    expect(await schemaOf(db)).toEqual(await schemaOf(reference.db));
  });

  it('that have to wait for a table let others pass', async () => {
    await migrate(db);
    // The guard is made anew, for which the table is locked.
    await db.pool.query(`comment on function guard_task_instance_state() is 'of another version'`);
    const blocker = await db.pool.connect();
    await blocker.query('begin; lock table task_instance in row exclusive mode');
    const migrating = migrate(db);
    const waiting = `select 1 from pg_locks where not granted and relation = 'task_instance'::regclass`;
    await until(async () => ((await db.pool.query(waiting)).rowCount ?? 0) > 0, { what: 'the migrator waits' });
    // Would wait for as long as the migrator does.
    await db.pool.query('set lock_timeout = 4000; delete from task_instance; reset lock_timeout');
    await blocker.query('rollback');
    blocker.release();
    await migrating;
    expect(await schemaOf(db)).toEqual(await schemaOf(reference.db));
  });

  it('of an older version leave the guard of a newer one alone', async () => {
    await migrate(db);
    await db.pool.query(`insert into schema_migration (version, name) values (9000, '9000_future.sql')`);
    await db.pool.query(`comment on function guard_task_instance_state() is 'of a newer version'`);
    await migrate(db);
    const { rows } = await db.pool.query(`select obj_description('guard_task_instance_state'::regproc, 'pg_proc') as of`);
    expect(rows).toEqual([{ of: 'of a newer version' }]);
  });
});

describe('a process that meets a schema', () => {
  beforeEach(async () => void (await migrate(db)));

  it('works with one that a newer Windlass has added to', async () => {
    await db.pool.query(`insert into schema_migration (version, name) values (9000, '9000_future.sql')`);
    expect(await checkSchema(db)).toMatchObject({ current: 9000 });
  });

  it('refuses one that a newer Windlass has changed for good, and names the change', async () => {
    await db.pool.query(
      `insert into schema_migration (version, name, is_breaking) values (9000, '9000_contract.sql', true), (9001, '9001_more.sql', false)`,
    );
    await expect(checkSchema(db)).rejects.toMatchObject({ code: 'SCHEMA_TOO_NEW', message: expect.stringContaining('9000_contract.sql') });
  });

  it('misses what lies between, however new the newest is', async () => {
    await db.pool.query('delete from schema_migration where version = 10');
    await expect(checkSchema(db)).rejects.toMatchObject({
      code: 'SCHEMA_MISSING',
      message: 'The database lacks 0010_plugin_event.sql, which this Windlass needs. Run: windlass db migrate',
    });
  });

  it('knows one that was made before migrations said whether they break something', async () => {
    await db.pool.query('alter table schema_migration drop column is_breaking');
    expect(await checkSchema(db)).toMatchObject({ current: Math.max(...readMigrations().map(({ version }) => version)) });
  });
});

/** What older processes may still read or write. The two were there before anything was released. */
const TAKES_AWAY = /\bdrop (?:table|column|constraint|index|function|trigger)\b|\brename\b|\balter column\b|\bset not null\b|\btruncate\b/i;
const BEFORE_THE_RULE = new Set(['0005_asset.sql', '0009_versions.sql']);

it('a file that takes something away says so', () => {
  // References, checks and indexes are not read by anybody: what they did is done by a trigger, or found another way.
  const readByNobody = new Set(['0022_lean_history.sql', '0023_lean_writes.sql', '0031_lean_results.sql']);
  const silent = readMigrations().filter(
    ({ name: file, sql, isBreaking }) =>
      !BEFORE_THE_RULE.has(file) && !readByNobody.has(file) && !isBreaking && TAKES_AWAY.test(sql.replace(/--.*$/gm, '')),
  );
  expect(
    silent.map((file) => file.name),
    'old processes run beside new ones during an upgrade: add first, take away in a later version, and say "-- breaking: <why>"',
  ).toEqual([]);
  expect(readdirSync(new URL('../../migrations', import.meta.url)).filter((file) => !/^\d{4}_[a-z0-9_]+\.sql$/.test(file))).toEqual([]);
});
