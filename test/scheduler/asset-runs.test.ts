/**
 * Goal: an event of an asset is written with the success that makes it, exactly once, and is part of exactly one run of
 * each DAG that waits for it. Method: real Postgres; the test plays the worker, and lets statements fail.
 */
import { afterEach, describe, expect, it } from 'vitest';
import type { AssetScheduleSpec } from '#core/assets/asset-spec.ts';
import type { NewAssetEvent } from '#core/assets/events-of-success.ts';
import type { DagSpec } from '#core/dag-spec.ts';
import { listWaitingAssetEvents } from '#platform/db/queries/assets/asset-dags.ts';
import { emitExternalEvent } from '#platform/db/queries/assets/emit-events.ts';
import { saveAssetUses } from '#platform/db/queries/assets/save-asset-uses.ts';
import { aDagSpec, aTask } from '#test/support/a-dag-spec.ts';
import { finishAttempts } from '#test/support/write-attempts.ts';
import { AssetRuns } from '../../scheduler/engine/asset-runs.ts';
import { claim, database, deps, engine, faults, finish, inbox, saveDag, settle, sql, startRun } from './engine-harness.ts';

const definition = (name: string) => ({ name, uri: `s3://lake/${name}`, group: 'asset', extra: {} });
const use = (name: string) => ({ asset: { name, uri: `s3://lake/${name}` } });
const event = (name: string, change: Partial<NewAssetEvent> = {}): NewAssetEvent => ({
  name,
  uri: `s3://lake/${name}`,
  group: null,
  extra: {},
  aliases: [],
  partitionKey: null,
  ...change,
});

const producer = (dagId: string, ...outlets: string[]) =>
  aDagSpec(dagId, [aTask('make', { outlets: outlets.map(use) })], { assets: outlets.map(definition) });
const consumer = (dagId: string, assetSchedule: AssetScheduleSpec, assets: string[], change: Partial<DagSpec> = {}) =>
  aDagSpec(dagId, [aTask('read')], { assetSchedule, assets: assets.map(definition), ...change });

async function save(spec: DagSpec): Promise<void> {
  await saveDag(spec);
  await database.db.transaction('save', (tx) => saveAssetUses(tx, [spec], []));
}

const RING = async (): Promise<readonly string[]> => new AssetRuns(deps).runOnce(engine.shards, engine.nowMs());
const runsOf = (dagId: string) =>
  sql<{ dag_run_id: string; run_type: string; partition_key: string | null; triggered_by: string }>(
    'select dag_run_id, run_type, partition_key, triggered_by from dag_run where dag_id = $1 order by dag_run_id',
    [dagId],
  );
const eventsOf = async (dagRunId: string) =>
  (
    await sql<{ name: string }>(
      'select a.name from asset_dag_event q join asset_event e using (event_id) join asset a using (asset_id) where q.dag_run_id = $1 order by event_id',
      [dagRunId],
    )
  ).map((row) => row.name);
const emit = async (name: string, partitionKey: string | null = null) => {
  const [asset] = await sql<{ asset_id: string }>('select asset_id from asset where name = $1 and is_active', [name]);
  return emitExternalEvent(database.db, { assetId: Number(asset?.asset_id), extra: {}, partitionKey });
};

async function produce(spec: DagSpec, events: readonly NewAssetEvent[]): Promise<string> {
  await database.db.transaction('save', (tx) => saveAssetUses(tx, [], []));
  const run = await startRun(spec);
  await database.db.transaction('save', (tx) => saveAssetUses(tx, [spec], []));
  await finish(run, 'make', { assetEvents: events });
  return run;
}

afterEach(async () => {
  await sql('delete from asset_event');
  await sql('delete from asset_alias');
  await sql('delete from asset');
});

describe('the success of a producer', () => {
  it('writes the event of its asset, with extra and source, and the run of the DAG that waits for it', async () => {
    await save(consumer('c', { condition: use('orders') }, ['orders']));
    await produce(producer('p', 'orders'), [event('orders', { extra: { rows: 3 } })]);
    expect(await sql('select extra, source_dag_id, source_task_id, source_map_index from asset_event')).toEqual([
      { extra: { rows: 3 }, source_dag_id: 'p', source_task_id: 'make', source_map_index: -1 },
    ]);
    expect(await RING()).toEqual(['c']);
    const [run] = await runsOf('c');
    expect(run).toMatchObject({ run_type: 'asset_triggered', triggered_by: 'asset' });
    expect(await eventsOf(run?.dag_run_id as string)).toEqual(['orders']);
    expect(await RING()).toEqual([]);
    inbox.reloadRuns('c');
    inbox.reloadDag('c');
    await settle();
    expect(await sql(`select state, logical_date from dag_run where dag_id = 'c'`)).toEqual([{ state: 'running', logical_date: null }]);
  });

  it('writes nothing when it lost its lease', async () => {
    await save(consumer('c', { condition: use('orders') }, ['orders']));
    const spec = producer('p', 'orders');
    const run = await startRun(spec);
    await database.db.transaction('save', (tx) => saveAssetUses(tx, [spec], []));
    await finish(run, 'make', { assetEvents: [event('orders')], leaseEpoch: 99 });
    expect(await sql('select 1 from asset_event')).toHaveLength(0);
    expect(await sql('select 1 from asset_version')).toHaveLength(0);
  });

  it('is written once, though the worker that got no answer writes it again', async () => {
    await save(consumer('c', { condition: use('orders') }, ['orders']));
    const spec = producer('p', 'orders');
    const run = await startRun(spec);
    await database.db.transaction('save', (tx) => saveAssetUses(tx, [spec], []));
    const claimed = await claim(run, 'make');
    if (!claimed) throw new Error('make cannot be claimed');
    const end = {
      ...({ event: 'succeed', reason: null, error: null, followed: null, mapLengths: {}, nextTryInMs: null, mapLabel: null } as const),
      attemptId: claimed.attemptId,
      taskInstanceId: claimed.taskInstanceId,
      leaseEpoch: claimed.leaseEpoch,
      extraXcoms: [],
      callbacks: [],
      assetEvents: [event('orders')],
    };
    const first = await finishAttempts(database.db, { workerId: 'w', finishes: [end] });
    expect([first.attemptIds.size, first.assetDagIds]).toEqual([1, ['c']]);
    const again = await finishAttempts(database.db, { workerId: 'w', finishes: [end] });
    expect([again.attemptIds.size, again.assetDagIds]).toEqual([0, []]);
    expect(await sql('select 1 from asset_event')).toHaveLength(1);
    expect(await sql('select 1 from asset_version v join asset_event e on e.event_id = v.version_id')).toHaveLength(1);
  });

  it('says nothing to a DAG that is paused, and nothing of an asset no DAG mentions', async () => {
    await save(consumer('c', { condition: use('orders') }, ['orders']));
    await sql(`update dag set is_paused = true where dag_id = 'c'`);
    await produce(producer('p', 'orders'), [event('orders'), event('unheard_of')]);
    expect(await sql('select 1 from asset_event')).toHaveLength(1);
    expect(await sql('select 1 from asset_dag_event')).toHaveLength(0);
  });
});

describe('a DAG that waits for assets', () => {
  it('runs when all have events, with all events since its last run', async () => {
    await save(consumer('c', { condition: { all: [use('a'), use('b')] } }, ['a', 'b']));
    await emit('a');
    await emit('a');
    expect(await RING()).toEqual([]);
    await emit('b');
    expect(await RING()).toEqual(['c']);
    const [run] = await runsOf('c');
    expect(await eventsOf(run?.dag_run_id as string)).toEqual(['a', 'a', 'b']);
    await emit('b');
    expect(await RING()).toEqual([]);
  });

  it('beside a schedule by time runs by whichever comes', async () => {
    const either = { schedule: { kind: 'delta', everyMs: 3_600_000 }, startDate: '2026-01-01T00:00:00Z' } as const;
    await save(consumer('c', { condition: use('a') }, ['a'], either));
    await emit('a');
    await RING();
    inbox.reloadDag('c');
    inbox.reloadRuns('c');
    await settle();
    expect((await runsOf('c')).map((run) => run.run_type).sort()).toEqual(['asset_triggered', 'scheduled']);
  });

  it('sees each of its assets, however many events one of them has', async () => {
    await save(consumer('c', { condition: { all: [use('a'), use('b')] } }, ['a', 'b']));
    for (const name of ['a', 'a', 'a', 'b']) await emit(name);
    expect((await listWaitingAssetEvents(database.db, 'c', 2)).map((one) => one.name)).toEqual(['a', 'a', 'b']);
  });

  it('with each runs once for every event', async () => {
    await save(consumer('c', { condition: use('a'), each: true }, ['a']));
    for (let count = 0; count < 3; count++) await emit('a');
    await RING();
    const runs = await runsOf('c');
    expect(await Promise.all(runs.map((run) => eventsOf(run.dag_run_id)))).toEqual([['a'], ['a'], ['a']]);
  });

  it('collects events while maxActiveRuns of its runs are unfinished', async () => {
    await save(consumer('c', { condition: use('a') }, ['a'], { maxActiveRuns: 1 }));
    await emit('a');
    await RING();
    await emit('a');
    await emit('a');
    expect(await RING()).toEqual([]);
    await sql(`update dag_run set state = 'success', ended_at = now() where dag_id = 'c'`);
    await RING();
    const runs = await runsOf('c');
    expect(await eventsOf(runs[1]?.dag_run_id as string)).toEqual(['a', 'a']);
  });

  it('runs once for each partition that every asset has', async () => {
    const partition = { mapper: { kind: 'start_of', period: 'day', timezone: 'UTC' } } as const;
    await save(consumer('c', { condition: { all: [use('a'), use('b')] }, partition }, ['a', 'b']));
    await emit('a', '2026-03-10T09:00:00');
    await emit('a', '2026-03-11T09:00:00');
    await emit('b', '2026-03-11');
    await RING();
    expect((await runsOf('c')).map((run) => run.partition_key)).toEqual(['2026-03-11']);
    await emit('b', '2026-03-10T10:00:00');
    await RING();
    expect((await runsOf('c')).map((run) => run.partition_key)).toEqual(['2026-03-11', '2026-03-10']);
    expect(await sql(`select partition_date from dag_run where partition_key = '2026-03-10'`)).toEqual([
      { partition_date: new Date('2026-03-10T00:00:00Z') },
    ]);
  });

  it('may wait for an alias, and hears of every asset that was found for it', async () => {
    const spec = aDagSpec('p', [aTask('make', { outlets: [{ alias: 'daily' }] })], { assetAliases: [{ name: 'daily', group: '' }] });
    await save(
      aDagSpec('c', [aTask('read')], { assetSchedule: { condition: { alias: 'daily' } }, assetAliases: [{ name: 'daily', group: '' }] }),
    );
    const { keepFoundAssets } = await import('#platform/db/queries/assets/keep-found-assets.ts');
    await keepFoundAssets(database.db, [event('new', { aliases: ['daily'] })]);
    await produce(spec, [event('new', { aliases: ['daily'] })]);
    expect(await RING()).toEqual(['c']);
    await emit('new');
    expect(await RING()).toEqual(['c']);
  });
});

describe('events and runs', () => {
  it('are neither lost nor doubled when the scheduler dies between any two statements', async () => {
    const steps = ['list_dags_with_asset_events', 'lock_asset_dag', 'list_waiting_asset_events', 'create_dag_runs', 'consume_asset_events'];
    await save(consumer('c', { condition: use('a') }, ['a']));
    for (const step of steps)
      for (const fail of ['failBefore', 'failAfter'] as const) {
        await emit('a');
        faults[fail](step);
        await expect(RING()).rejects.toThrow(step);
        await RING();
      }
    faults.failAfter('create_asset_runs');
    await emit('a');
    await expect(RING()).rejects.toThrow('create_asset_runs');
    await RING();
    const runs = await runsOf('c');
    expect(runs).toHaveLength(steps.length * 2 + 1);
    expect(await Promise.all(runs.map((run) => eventsOf(run.dag_run_id)))).toEqual(runs.map(() => ['a']));
  });

  it('are the same when two schedulers look at once', async () => {
    await save(consumer('c', { condition: use('a') }, ['a']));
    for (let count = 0; count < 5; count++) {
      await emit('a');
      await Promise.all([RING(), RING(), RING()]);
    }
    const runs = await runsOf('c');
    expect(runs).toHaveLength(5);
    expect((await Promise.all(runs.map((run) => eventsOf(run.dag_run_id)))).flat()).toHaveLength(5);
  });
});

describe('the assets of DAGs', () => {
  const active = () => sql<{ uri: string; is_active: boolean }>('select uri, is_active from asset order by asset_id');
  const other = { asset: { name: 'orders', uri: 's3://elsewhere/orders' } };
  const second = aDagSpec('second', [aTask('make', { outlets: [other] })], {
    assets: [{ ...definition('orders'), uri: 's3://elsewhere/orders' }],
  });

  it('with one name and two URIs: the older stays active, until no DAG mentions it', async () => {
    await save(producer('first', 'orders'));
    await save(second);
    expect(await active()).toEqual([
      { uri: 's3://lake/orders', is_active: true },
      { uri: 's3://elsewhere/orders', is_active: false },
    ]);
    await database.db.transaction('save', (tx) => saveAssetUses(tx, [], ['first']));
    expect(await active()).toEqual([
      { uri: 's3://lake/orders', is_active: false },
      { uri: 's3://elsewhere/orders', is_active: true },
    ]);
  });

  it('that a new version waits for no more are taken out of its queue', async () => {
    await save(consumer('c', { condition: { all: [use('a'), use('b')] } }, ['a', 'b']));
    await emit('a');
    await database.db.transaction('save', (tx) => saveAssetUses(tx, [consumer('c', { condition: use('b') }, ['b'])], []));
    expect(await sql('select 1 from asset_dag_event')).toHaveLength(0);
  });
});
