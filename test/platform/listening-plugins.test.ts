/**
 * Goal: what plugins hear of task instances is written while one listens, and costs nothing while none does. Method: plugins come and
 * go, one after the other and at once; the trigger that writes it is on exactly while one of them listens.
 */
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { type PluginRow, savePlugins } from '#platform/db/queries/plugins/save-plugins.ts';
import { createDatabase, type TestDatabase } from '#test/support/postgres.ts';
import { until } from '#test/support/until.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.drop());
beforeEach(() => savePlugins(database.db, []));

const aPlugin = (name: string, listeners: readonly string[], error: string | null = null): PluginRow => ({
  name,
  filePath: `${name}.ts`,
  provides: { listeners },
  links: [],
  error,
  code: null,
});
const WAITING = `select 1 from pg_locks where locktype = 'advisory' and not granted and database = (select oid from pg_database where datname = current_database())`;
const QUIET = aPlugin('quiet', ['onStarting']);
const EAR = aPlugin('ear', ['onTaskInstanceSuccess']);

async function isOn(): Promise<boolean> {
  const { rows } = await database.db.pool.query<{ on: boolean }>(
    `select tgenabled <> 'D' as on from pg_trigger where tgrelid = 'task_instance_event'::regclass and tgname = 'tell_plugins'`,
  );
  return rows[0]?.on as boolean;
}

it('is off without plugins, with those that hear other things, and with one that cannot be loaded', async () => {
  expect(await isOn()).toBe(false);
  await savePlugins(database.db, [QUIET, aPlugin('broken', ['onTaskInstanceSuccess'], 'boom')]);
  expect(await isOn()).toBe(false);
});

it('is on while one listens, and off when the last one is gone or broken', async () => {
  await savePlugins(database.db, [QUIET, EAR]);
  expect(await isOn()).toBe(true);
  await savePlugins(database.db, [QUIET, { ...EAR, error: 'boom' }]);
  expect(await isOn()).toBe(false);
  await savePlugins(database.db, [QUIET, EAR]);
  await savePlugins(database.db, [QUIET]);
  expect(await isOn()).toBe(false);
});

it('is on after one came in the moment in which another went', async () => {
  await savePlugins(database.db, [EAR]);
  const [goes, comes] = [await database.db.pool.connect(), await database.db.pool.connect()];
  try {
    await goes.query('begin');
    await goes.query("delete from plugin where name = 'ear'");
    // It waits until the other is done: neither saw the other's change when it began.
    const coming = comes.query(
      `insert into plugin (name, file_path, provides) values ('late', 'late.ts', '{"listeners": ["onTaskInstanceFailed"]}')`,
    );
    await until(async () => (await database.db.pool.query(WAITING)).rowCount === 1, { what: 'the one that comes waits' });
    await goes.query('commit');
    await coming;
  } finally {
    goes.release();
    comes.release();
  }
  expect(await isOn()).toBe(true);
});
