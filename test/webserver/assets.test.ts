/** Assets over REST behave as Airflow's: shapes, events made by hand, the queue, materialize, warnings, refusals. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DagSpec } from '#core/dag-spec.ts';
import { saveAssetUses } from '#platform/db/queries/assets/save-asset-uses.ts';
import { aSpec, aTask, saveDag } from './dag-fixtures.ts';
import { type Harness, startHarness } from './harness.ts';

let web: Harness;
let ordersId: number;

const orders = { name: 'orders', uri: 's3://lake/orders', group: 'sales', extra: { owner: 'ann' } };
const raw = { ...orders, name: 'raw', uri: 's3://lake/raw' };
const use = ({ name, uri }: { name: string; uri: string }) => ({ asset: { name, uri } });

async function save(spec: DagSpec): Promise<void> {
  await saveDag(web.db, spec);
  await web.db.transaction('save', (tx) => saveAssetUses(tx, [spec], []));
}

beforeAll(async () => {
  web = await startHarness();
  await save(aSpec('make_orders', { tasks: [aTask('make', { outlets: [use(orders)], inlets: [use(raw)] })], assets: [orders, raw] }));
  await save(aSpec('report', { assetSchedule: { condition: { all: [use(orders), use(raw)] } }, assets: [orders, raw] }));
  await save(aSpec('by_alias', { assetSchedule: { condition: { alias: 'daily' } }, assetAliases: [{ name: 'daily', group: 'x' }] }));
  const page = await web.request('GET', '/api/v2/assets?name_pattern=orders');
  ordersId = page.json.assets[0].id;
});
afterAll(() => web.stop());

const instant = expect.stringMatching(/Z$/);

describe('assets', () => {
  it('are listed and read with who makes, reads and waits for them', async () => {
    const { json } = await web.request('GET', '/api/v2/assets?order_by=-name');
    expect(json.total_entries).toBe(2);
    expect(json.assets.map((asset: { name: string }) => asset.name)).toEqual(['raw', 'orders']);
    expect((await web.request('GET', `/api/v2/assets/${ordersId}`, { role: 'viewer' })).json).toEqual({
      id: ordersId,
      name: 'orders',
      uri: 's3://lake/orders',
      group: 'sales',
      extra: { owner: 'ann' },
      created_at: instant,
      updated_at: instant,
      scheduled_dags: [{ dag_id: 'report', created_at: instant, updated_at: instant }],
      producing_tasks: [{ dag_id: 'make_orders', task_id: 'make', created_at: instant, updated_at: instant }],
      consuming_tasks: [],
      aliases: [],
      watchers: [],
      last_asset_event: null,
    });
  });

  it('are found by DAG and by URI', async () => {
    const names = async (query: string) =>
      (await web.request('GET', `/api/v2/assets?${query}`)).json.assets.map((asset: { name: string }) => asset.name);
    expect(await names('dag_ids=make_orders')).toEqual(['orders', 'raw']);
    expect(await names('dag_ids=nobody')).toEqual([]);
    expect(await names('uri_pattern=%25raw')).toEqual(['raw']);
  });

  it('have aliases', async () => {
    const { json } = await web.request('GET', '/api/v2/assets/aliases');
    expect(json).toEqual({ asset_aliases: [{ id: expect.any(Number), name: 'daily', group: 'x' }], total_entries: 1 });
    expect((await web.request('GET', `/api/v2/assets/aliases/${json.asset_aliases[0].id}`)).json.name).toBe('daily');
    expect((await web.request('GET', '/api/v2/assets/aliases/999')).status).toBe(404);
  });

  it('that are not there are a 404, and a viewer changes nothing', async () => {
    expect((await web.request('GET', '/api/v2/assets/999')).json.detail).toBe('The Asset with ID: `999` was not found');
    expect((await web.request('POST', '/api/v2/assets/events', { body: { asset_id: 999, extra: {} } })).status).toBe(404);
    expect((await web.request('POST', '/api/v2/assets/events', { role: 'viewer', body: { asset_id: ordersId } })).status).toBe(403);
    expect((await web.request('POST', '/api/v2/assets/events', { body: { asset_id: ordersId, extras: {} } })).status).toBe(422);
  });

  it('in conflict are a warning of their DAG', async () => {
    const other = { ...orders, uri: 's3://elsewhere/orders' };
    await save(aSpec('rival', { tasks: [aTask('make', { outlets: [use(other)] })], assets: [other] }));
    const { json } = await web.request('GET', '/api/v2/dagWarnings?warning_type=asset%20conflict');
    expect(json.dag_warnings).toEqual([
      {
        dag_id: 'rival',
        warning_type: 'asset conflict',
        message: expect.stringContaining('orders (s3://elsewhere/orders)'),
        timestamp: instant,
        dag_display_name: 'rival',
      },
    ]);
  });
});

describe('a DAG that waits for assets', () => {
  it('is found by that, and says on which', async () => {
    const ids = async (query: string) =>
      (await web.request('GET', `/api/v2/dags?${query}`)).json.dags.map((dag: { dag_id: string }) => dag.dag_id);
    expect(await ids('has_asset_schedule=true')).toEqual(['by_alias', 'report']);
    expect(await ids('asset_dependency=%25lake/raw%25')).toEqual(['report']);
    expect((await web.request('GET', '/api/v2/dags/report/details')).json).toMatchObject({
      timetable_summary: 'Asset',
      timetable_partitioned: false,
      asset_expression: { all: [{ asset: { name: 'orders', uri: 's3://lake/orders', group: 'sales' } }, { asset: { name: 'raw' } }] },
    });
  });
});

describe('an event made by hand', () => {
  it('is told in the documented shape, waits for the DAG, and may be taken out of its queue', async () => {
    const made = await web.request('POST', '/api/v2/assets/events', { role: 'user', body: { asset_id: ordersId, extra: { rows: 3 } } });
    expect(made.status).toBe(200);
    expect(made.json).toEqual({
      id: expect.any(Number),
      asset_id: ordersId,
      uri: 's3://lake/orders',
      name: 'orders',
      group: 'sales',
      extra: { rows: 3, from_rest_api: true },
      source_task_id: null,
      source_dag_id: null,
      source_run_id: null,
      source_map_index: -1,
      created_dagruns: [],
      timestamp: instant,
      partition_key: null,
    });
    expect((await web.request('GET', `/api/v2/assets/events?asset_id=${ordersId}`)).json).toEqual({
      asset_events: [made.json],
      total_entries: 1,
    });
    const row = { dag_id: 'report', asset_id: ordersId, created_at: instant, dag_display_name: 'report' };
    for (const url of [`/api/v2/assets/${ordersId}/queuedEvents`, '/api/v2/dags/report/assets/queuedEvents'])
      expect((await web.request('GET', url)).json).toEqual({ queued_events: [row], total_entries: 1 });
    const one = `/api/v2/dags/report/assets/${ordersId}/queuedEvents`;
    expect((await web.request('GET', one)).json).toEqual(row);
    expect((await web.request('DELETE', `${one}?before=2020-01-01T00:00:00Z`)).status).toBe(404);
    expect((await web.request('DELETE', one)).status).toBe(204);
    expect((await web.request('GET', one)).status).toBe(404);
  });

  it('shows the runs it made, and these show it', async () => {
    const made = await web.request('POST', '/api/v2/assets/events', { body: { asset_id: ordersId, extra: {} } });
    const run = await web.request('POST', '/api/v2/dags/report/dagRuns', { body: { logical_date: null, dag_run_id: 'by_asset' } });
    await web.db.pool.query(
      `update asset_dag_event set dag_run_id = (select dag_run_id from dag_run where run_id = 'by_asset') where event_id = $1`,
      [made.json.id],
    );
    const upstream = await web.request('GET', `/api/v2/dags/report/dagRuns/${run.json.dag_run_id}/upstreamAssetEvents`);
    expect(upstream.json.asset_events.map((event: { id: number }) => event.id)).toEqual([made.json.id]);
    expect(upstream.json.asset_events[0].created_dagruns).toMatchObject([{ dag_id: 'report', run_id: 'by_asset', state: 'queued' }]);
  });
});

describe('materialize', () => {
  it('runs the DAG that makes the asset', async () => {
    const answer = await web.request('POST', `/api/v2/assets/${ordersId}/materialize`, {
      body: { note: 'now', partition_key: '2026-03-10' },
    });
    expect(answer.status).toBe(200);
    expect(answer.json).toMatchObject({
      dag_id: 'make_orders',
      run_type: 'asset_materialization',
      note: 'now',
      partition_key: '2026-03-10',
    });
    expect(answer.json.dag_run_id).toMatch(/^asset_materialization__/);
    const runs = await web.request('GET', '/api/v2/dags/make_orders/dagRuns?partition_key_pattern=2026%25');
    expect(runs.json.total_entries).toBe(1);
  });

  it('is refused when no DAG makes it, or several do', async () => {
    const rawId = (await web.request('GET', '/api/v2/assets?name_pattern=raw')).json.assets[0].id;
    expect((await web.request('POST', `/api/v2/assets/${rawId}/materialize`, { body: {} })).json.detail).toMatch(/No DAG materializes/);
    await save(aSpec('also_orders', { tasks: [aTask('make', { outlets: [use(orders)] })], assets: [orders] }));
    const several = await web.request('POST', `/api/v2/assets/${ordersId}/materialize`, { body: {} });
    expect([several.status, several.json.detail]).toEqual([409, expect.stringContaining('also_orders, make_orders')]);
  });
});
