// Goal: assets are looked at and made from the command line. Method: the real bin over a real database.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { emitExternalEvent } from '#platform/db/queries/assets/emit-events.ts';
import { saveAssetUses } from '#platform/db/queries/assets/save-asset-uses.ts';
import { createDatabase, type TestDatabase } from '../support/postgres.ts';
import { windlass } from '../support/windlass-process.ts';
import { aSpec, aTask, saveDag } from '../webserver/dag-fixtures.ts';

const orders = { name: 'orders', uri: 's3://lake/orders', group: 'sales', extra: {} };
const use = { asset: { name: 'orders', uri: 's3://lake/orders' } };
let database: TestDatabase;

beforeAll(async () => {
  database = await createDatabase();
  const { db } = database;
  const specs = [
    aSpec('etl', { tasks: [aTask('load', { outlets: [use] })], assets: [orders] }),
    aSpec('report', { assetSchedule: { condition: use }, assets: [orders] }),
  ];
  for (const spec of specs) await saveDag(db, spec);
  await db.transaction('save', (tx) => saveAssetUses(tx, specs, []));
  await emitExternalEvent(db, { assetId: 1, extra: { rows: 3 }, partitionKey: null });
});
afterAll(() => database.drop());

const assets = (...args: string[]) => windlass(['assets', ...args], { environment: { DATABASE_URL: database.url } });

test('they are listed, shown with what waits, and found by URI in any spelling', async () => {
  expect(JSON.parse((await assets('list', '--json')).stdout)).toMatchObject([
    { id: 1, name: 'orders', made_by: 'etl.load', runs: 'report' },
  ]);
  expect(JSON.parse((await assets('details', 'S3://lake/orders/', '--json')).stdout)).toMatchObject({
    group: 'sales',
    waiting_events: 'report: 1',
  });
  expect(JSON.parse((await assets('events', 'orders', '--json')).stdout)).toMatchObject([{ source: 'from outside', extra: { rows: 3 } }]);
}, 60_000);

test('they are searched, and their versions are listed with what broke', async () => {
  const version = (id: number, columns: object[]) =>
    database.db.pool.query(
      `insert into asset_version (version_id, asset_id, dag_id, run_id, task_id, map_index, attempt_id, columns, row_count)
       values ($1, 1, 'etl', 'r', 'load', -1, gen_random_uuid(), $2, 3)`,
      [id, JSON.stringify(columns)],
    );
  await version(90, [{ name: 'fare', type: 'Float64', nullable: true }]);
  await version(91, [{ name: 'tip', type: 'Float64', nullable: true }]);
  expect(JSON.parse((await assets('versions', 'orders', '--json')).stdout)).toMatchObject([
    { id: 91, rows: 3, source: 'etl.load', changes: expect.stringContaining('! column "fare" (Float64) is gone') },
    { id: 90, changes: '' },
  ]);
  expect(JSON.parse((await assets('search', 'ti', '--json')).stdout)).toMatchObject([{ name: 'orders', rows: 3 }]);
  expect((await assets('search', '--column', 'fare')).stderr).toMatch(/No asset matches/);
}, 60_000);

test('lineage is listed from what is furthest upstream', async () => {
  await database.db.pool.query(`insert into asset (name, uri, asset_group) values ('raw', 's3://raw', 'asset')`);
  await database.db.pool.query(
    `insert into asset_version (version_id, asset_id, dag_id, run_id, task_id, map_index, attempt_id, upstream)
     select 95, 1, 'etl', 'r', 'load', -1, gen_random_uuid(), jsonb_build_array(jsonb_build_object('asset_id', asset_id)) from asset where name = 'raw'`,
  );
  const [first, second] = JSON.parse((await assets('lineage', 'orders', '--json')).stdout);
  expect(first).toMatchObject({ distance: -1, name: 'raw' });
  expect(second).toMatchObject({ distance: 0, name: 'orders', made_of: 'raw', made_by: 'etl.load' });
  expect((await assets('lineage', 'orders', '--direction', 'sideways')).stderr).toMatch(/Allowed choices are both, upstream, downstream/);
}, 60_000);

test('one is made by its DAG, for a partition', async () => {
  const { stdout, code } = await assets('materialize', 'orders', '--partition-key', '2026-03-10', '--json');
  expect(JSON.parse(stdout)).toMatchObject({ dag_id: 'etl', state: 'queued', partition_key: '2026-03-10' });
  expect(code).toBe(0);
  expect((await assets('details', 'ordres')).stderr).toMatch(/There is no asset "ordres". Did you mean orders\?/);
}, 60_000);
