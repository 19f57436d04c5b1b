/**
 * Goal: whoever meets a database that a newer Windlass has changed for good is told so, with what to do, and changes nothing in it.
 * Method: the commands, a role and standalone over a database that says that it was.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createDatabase, type TestDatabase } from '#test/support/postgres.ts';
import { windlass } from '#test/support/windlass-process.ts';
import { STACK, say } from './say.ts';

let database: TestDatabase;
let folder: string;
beforeAll(async () => {
  database = await createDatabase();
  folder = mkdtempSync(join(tmpdir(), 'windlass-newer-'));
  // As 9000 left it: it knows no rule of ours any more, and one of our own files is gone from its list.
  await database.db.pool.query(`delete from schema_migration where version = 36`);
  await database.db.pool.query(`insert into schema_migration (version, name, is_breaking) values (9000, '9000_contract.sql', true)`);
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await database.drop();
});

const TOO_NEW =
  /SCHEMA_TOO_NEW: The database has schema version 9000, and 9000_contract\.sql in it changed what this Windlass \(version \d+\) relies on\. Upgrade Windlass on this machine\./;

const environment = () => ({
  DATABASE_URL: database.url,
  WINDLASS_BROKER: 'postgres',
  WINDLASS_WEB_PORT: '0',
  WINDLASS_MONITOR_PORT: '0',
  ...Object.fromEntries(['DATA', 'DAGS', 'LOGS', 'PLUGINS', 'SCRATCH'].map((name) => [`WINDLASS_${name}_FOLDER`, join(folder, name)])),
});

/** What there is to change. */
async function contents(): Promise<unknown> {
  const { rows } = await database.db.pool.query(
    `select (select json_agg(m order by version) from schema_migration m) as migrations, (select count(*)::int from app_user) as users,
       (select json_agg(proname order by proname) from pg_proc where pronamespace = 'public'::regnamespace) as functions,
       (select count(*)::int from pg_class where relnamespace = 'public'::regnamespace) as relations`,
  );
  return rows[0];
}

it.each(['dags list', 'db check', 'db migrate', 'standalone'])('%s says so and leaves it as it is', async (command) => {
  const before = await contents();
  const { code, stderr } = await say(command.split(' '), environment());
  expect(stderr).toMatch(TOO_NEW);
  expect(stderr).not.toMatch(STACK);
  expect(code).toBe(1);
  expect(await contents()).toEqual(before);
});

it.each(['scheduler', 'worker', 'webserver'])('a %s ends with a code of its own, so that nobody starts it again', async (role) => {
  const { code, stderr } = await windlass([role], { environment: environment() });
  expect(stderr).toMatch(/9000_contract\.sql in it changed what this Windlass/);
  expect(code).toBe(57);
});
