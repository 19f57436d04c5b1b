/** The versions of an asset over REST: what changed with each, what it was made of, and assets found by their columns, tags and owner. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DagSpec } from '#core/dag-spec.ts';
import { saveAssetUses } from '#platform/db/queries/assets/save-asset-uses.ts';
import { cleanAssetVersions, countAssetVersionsBeyond } from '#platform/db/queries/care/clean-asset-versions.ts';
import { dropOldSamples } from '#platform/db/queries/care/drop-old-samples.ts';
import { aSpec, aTask, saveDag } from './dag-fixtures.ts';
import { type Harness, startHarness } from './harness.ts';

let web: Harness;
let ids: Readonly<Record<string, number>>;

const asset = (name: string, change: object = {}) => ({ name, uri: `s3://lake/${name}`, group: 'asset', extra: {}, ...change });
const orders = asset('orders', {
  owner: 'ann',
  tags: ['gold', 'pii'],
  description: 'Every order.',
  retain: { versions: 2, keptMs: 86_400_000 },
});
const raw = asset('raw', { tags: ['gold'] });
const use = ({ name, uri }: { name: string; uri: string }) => ({ asset: { name, uri } });

async function save(spec: DagSpec): Promise<void> {
  await saveDag(web.db, spec);
  await web.db.transaction('save', (tx) => saveAssetUses(tx, [spec], []));
}

async function addVersion(
  id: number,
  name: string,
  columns: string | null,
  more: { rows?: number; upstream?: object[]; days?: number } = {},
) {
  const parsed = columns?.split(', ').map((one) => ({ name: one.split(' ')[0], type: one.split(' ')[1], nullable: true })) ?? null;
  await web.db.pool.query(
    `insert into asset_version (version_id, asset_id, at, dag_id, run_id, task_id, map_index, attempt_id, columns, row_count, upstream)
     values ($1, $2, now() - $3 * interval '1 day', 'etl', 'r', 'load', -1, gen_random_uuid(), $4, $5, $6)`,
    [
      id,
      ids[name],
      more.days ?? 0,
      parsed === null ? null : JSON.stringify(parsed),
      more.rows ?? null,
      JSON.stringify(more.upstream ?? []),
    ],
  );
}

beforeAll(async () => {
  web = await startHarness();
  await save(aSpec('etl', { tasks: [aTask('load', { outlets: [use(orders)], inlets: [use(raw)] })], assets: [orders, raw] }));
  const { json } = await web.request('GET', '/api/v2/assets');
  ids = Object.fromEntries(json.assets.map((one: { name: string; id: number }) => [one.name, one.id]));
  await addVersion(10, 'raw', 'id Int64');
  await addVersion(11, 'orders', 'id Int32, name Utf8', { rows: 3, upstream: [{ asset_id: ids['raw'], version_id: 10 }], days: 9 });
  await addVersion(12, 'orders', 'id Int64, name Utf8, fare Float64', { rows: 4, days: 8 });
  await addVersion(13, 'orders', null, { days: 7 });
  await addVersion(14, 'orders', 'id Utf8, fare Float64', { rows: 5 });
});
afterAll(() => web.stop());

const versions = async (query = '') =>
  (await web.request('GET', `/api/v2/assets/${ids['orders']}/versions${query}`, { role: 'viewer' })).json;

describe('the versions of an asset', () => {
  it('are listed newest first, each with what changed since the last whose columns are known', async () => {
    const { asset_versions: list, total_entries: total } = await versions();
    expect(total).toBe(4);
    expect(list.map((one: { id: number }) => one.id)).toEqual([14, 13, 12, 11]);
    expect(list[0]).toMatchObject({ row_count: 5, compared_with: 12, is_compatible: false });
    expect(list[0].column_changes).toEqual([
      { column: 'id', kind: 'type', from: 'Int64', to: 'Utf8', is_compatible: false },
      { column: 'name', kind: 'removed', from: 'Utf8', to: null, is_compatible: false },
    ]);
    expect(list[2]).toMatchObject({ compared_with: 11, is_compatible: true, column_changes: [{ column: 'id' }, { column: 'fare' }] });
    expect(list[3].upstream).toEqual([{ asset_id: ids['raw'], name: 'raw', version_id: 10 }]);
  });

  it('may be narrowed to those whose columns changed, and read one by one', async () => {
    expect((await versions('?has_new_columns=true&order_by=id')).asset_versions.map((one: { id: number }) => one.id)).toEqual([11, 12, 14]);
    expect((await web.request('GET', `/api/v2/assets/${ids['orders']}/versions/12`)).json.row_count).toBe(4);
    expect((await web.request('GET', `/api/v2/assets/${ids['raw']}/versions/12`)).status).toBe(404);
    expect((await web.request('GET', '/api/v2/assets/999/versions')).status).toBe(404);
  });

  it('make the neighbours on its page', async () => {
    expect((await web.request('GET', `/ui/api/assets/${ids['orders']}`)).json).toMatchObject({
      upstream: [{ name: 'raw' }],
      downstream: [],
      rowCount: 5,
      columnCount: 2,
      owner: 'ann',
      schemaChange: 'allow',
    });
    expect((await web.request('GET', `/ui/api/assets/${ids['raw']}`)).json).toMatchObject({
      upstream: [],
      downstream: [{ name: 'orders' }],
    });
  });
});

describe('assets', () => {
  it('are found by column, tag, owner, and any part of these', async () => {
    const names = async (query: string) =>
      (await web.request('GET', `/api/v2/assets?${query}`)).json.assets.map((one: { name: string }) => one.name);
    expect(await names('columns=fare')).toEqual(['orders']);
    expect(await names('columns=name')).toEqual([]);
    expect(await names('tags=gold')).toEqual(['orders', 'raw']);
    expect(await names('owner=ann&tags=pii')).toEqual(['orders']);
    expect(await names('search=far')).toEqual(['orders']);
    expect(await names('search=every%20ord')).toEqual(['orders']);
    expect((await web.request('GET', '/ui/api/assets?tag=gold&column=id&search=raw')).json.total).toBe(1);
  });
});

describe('retention', () => {
  it('of an asset keeps what one of its rules keeps, and the newest of all', async () => {
    expect(await countAssetVersionsBeyond(web.db)).toBe(2);
    expect(await cleanAssetVersions(web.db)).toBe(2);
    expect((await versions()).asset_versions.map((one: { id: number }) => one.id)).toEqual([14, 13]);
    expect(await cleanAssetVersions(web.db)).toBe(0);
  });
});

describe('first rows', () => {
  const sampled = async (name: string) =>
    (
      await web.db.pool.query<{ id: number }>(
        'select version_id::int as id from asset_version where asset_id = $1 and sample is not null order by version_id',
        [ids[name]],
      )
    ).rows.map((row) => row.id);
  const wants = (name: string, rows: number | null) =>
    web.db.pool.query('update asset set preview_rows = $2 where asset_id = $1', [ids[name], rows]);
  const page = async () => (await web.request('GET', `/ui/api/assets/${ids['raw']}`, { role: 'viewer' })).json;

  it('are shown of the newest version that has some, and not of an asset that wants none', async () => {
    await web.db.pool.query(`update asset_version set sample = '{"columns": ["id"], "rows": [[7]]}' where version_id = 10`);
    await addVersion(20, 'raw', 'id Int64');
    expect(await page()).toMatchObject({ sample: { rows: [[7]] }, sampleVersionId: 10, keepsRows: true });
    await wants('raw', 0);
    expect(await page()).toMatchObject({ sample: null, sampleVersionId: null, keepsRows: false });
    const { asset_versions: list } = (await web.request('GET', `/api/v2/assets/${ids['raw']}/versions`, { role: 'viewer' })).json;
    expect(list.map((one: { sample: unknown }) => one.sample)).toEqual([null, null]);
  });

  it('stay with the last 20 versions, with each where the asset asked, and with none where it wants none', async () => {
    for (let id = 100; id < 125; id++) await addVersion(id, 'raw', null);
    await web.db.pool.query(`update asset_version set sample = '{"columns": ["id"], "rows": [[7]]}' where version_id >= 100`);
    await wants('raw', 3);
    expect(await dropOldSamples(web.db)).toBe(0);
    await wants('raw', null);
    expect(await dropOldSamples(web.db)).toBe(6);
    expect(await sampled('raw')).toEqual(Array.from({ length: 20 }, (_, index) => 105 + index));
    expect(await dropOldSamples(web.db)).toBe(0);
    await wants('raw', 0);
    expect(await dropOldSamples(web.db)).toBe(20);
    expect(await sampled('raw')).toEqual([]);
  });
});
