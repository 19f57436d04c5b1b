/**
 * Goal: what is notified on a channel of Postgres or added to a Redis stream makes one event each, whatever dies between hearing and writing;
 * what nobody can know is said. Method: real Postgres and Redis; a triggerer that dies is one whose watch another one takes, or whose
 * probe throws.
 */
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import type { HeardSpec } from '#core/assets/watch.ts';
import { saveAssetUses } from '#platform/db/queries/assets/save-asset-uses.ts';
import { Masker } from '#platform/mask.ts';
import { handleProbes } from '#platform/probes/probe.ts';
import type { ProbeName } from '#platform/probes/probe-table.ts';
import { parseConnection } from '#platform/secrets/connection.ts';
import { aDagSpec, aTask } from '#test/support/a-dag-spec.ts';
import { startRedis, type TestRedis } from '#test/support/redis.ts';
import { until } from '#test/support/until.ts';
import { AssetListeners } from '../../triggerer/asset-listeners.ts';
import { database, deps, saveDag, sql } from '../scheduler/engine-harness.ts';

let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

const open: AssetListeners[] = [];
beforeEach(async () => {
  await sql('delete from asset_event');
  await sql('delete from asset');
  await sql('create table if not exists public.orders (id int)');
  await sql('truncate public.orders');
  await redis.say('FLUSHALL');
});
afterEach(async () => {
  handleProbes(null);
  await Promise.all(open.splice(0).map((listeners) => listeners.stop()));
});

async function watch(spec: HeardSpec): Promise<void> {
  const dag = aDagSpec('hears', [aTask('a')], {
    assetSchedule: { condition: { asset: { name: 'in', uri: 'in' } } },
    assets: [{ name: 'in', uri: 'in', group: 'asset', extra: {}, watch: spec }],
  });
  await saveDag(dag).catch(() => undefined);
  await database.db.transaction('save', (tx) => saveAssetUses(tx, [dag], []));
  await sql('insert into asset_watch (asset_id) select asset_id from asset');
}

async function listener(owner: string): Promise<AssetListeners> {
  const connection = async (id: string) => parseConnection(id, id === 'cache' ? redis.url : database.url);
  const listeners = new AssetListeners(owner, { ...deps, masker: new Masker(), secrets: { connection } as never });
  open.push(listeners);
  await listeners.runOnce();
  return listeners;
}

const extras = async () =>
  (await sql<{ extra: Record<string, unknown> }>('select extra from asset_event order by event_id')).map((row) => row.extra);
const events = (count: number) =>
  until(async () => ((await extras()).length >= count ? await extras() : null), { what: `${count} events` });
const row = async () =>
  (await sql<{ note: string | null; mark: string | null; has_looked: boolean; looked_at: Date }>('select * from asset_watch'))[0];
const listens = () => until(async () => (await row())?.has_looked, { what: 'it listens' });
/** As when the process is killed: nobody renews, and the lease is over. */
const takeAway = () => sql(`update asset_watch set leased_until = clock_timestamp() - interval '1 second'`);
const once = (name: ProbeName) => {
  let isArmed = true;
  handleProbes((reached) => {
    if (reached !== name || !isArmed) return;
    isArmed = false;
    throw new Error('died');
  });
};

const CHANNEL = { kind: 'notify', connection: 'warehouse', channel: 'Orders in', everyMs: 60_000 } as const;
const ASKED = { ...CHANNEL, catchUp: 'select max(id) as id from public.orders' };
const STREAM = { kind: 'stream', connection: 'cache', stream: 'orders', everyMs: 60_000 } as const;

it('each notification makes an event with its payload, in their order, that waits for the DAG', async () => {
  await watch(CHANNEL);
  await listener('one');
  await listens();
  await sql(`select pg_notify('Orders in', 'a'), pg_notify('Orders in', 'b'), pg_notify('else', 'c')`);
  expect(await events(2)).toEqual([
    { channel: 'Orders in', payload: 'a' },
    { channel: 'Orders in', payload: 'b' },
  ]);
  expect(await sql('select dag_id from asset_dag_event')).toEqual([{ dag_id: 'hears' }, { dag_id: 'hears' }]);
});

it('a connection that is cut is made again, and what nobody heard meanwhile is said', async () => {
  await watch(CHANNEL);
  await listener('one');
  await listens();
  await sql(`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'windlass:triggerer'`);
  await sql(`select pg_notify('Orders in', 'unheard')`);
  const note = await until(async () => /Nobody listened between 2\d{3}-.* and 2.*Z: /.test((await row())?.note ?? ''), {
    what: 'the note',
  });
  expect(note).toBe(true);
  await sql(`select pg_notify('Orders in', 'heard')`);
  expect(await events(1)).toEqual([{ channel: 'Orders in', payload: 'heard' }]);
});

it('with a query, what came while nobody listened is an event, and nothing is when nothing came', async () => {
  await watch(ASKED);
  const first = await listener('one');
  await listens();
  await first.stop();
  await listener('two');
  await until(async () => (await row())?.looked_at, { what: 'two listens' });
  expect(await extras()).toEqual([]);
  await sql(`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'windlass:triggerer'`);
  await sql('insert into public.orders values (7)');
  expect(await events(1)).toEqual([{ channel: 'Orders in', caughtUp: true, row: { id: 7 } }]);
  expect((await row())?.note).toBeNull();
});

it.each(['assetListen.before_save', 'assetListen.after_save'] as const)(
  'a notification is told once when a triggerer fails at %s',
  async (name) => {
    await watch(ASKED);
    await listener('one');
    await listens();
    once(name);
    await sql('insert into public.orders values (1)');
    await sql(`select pg_notify('Orders in', '1')`);
    await events(1);
    await sql('insert into public.orders values (2)');
    await sql(`select pg_notify('Orders in', '2')`);
    const told = await until(async () => ((await extras()).some(({ payload }) => payload === '2') ? await extras() : null), {
      what: 'the second',
    });
    // After the event was written, its own process tells it again: once more is better than never.
    expect(new Set(told.map(({ payload }) => payload))).toEqual(new Set(['1', '2']));
    if (name === 'assetListen.before_save') expect(told).toHaveLength(2);
  },
);

it('what is in a stream at first is no event; each entry after it is one', async () => {
  await redis.say('XADD orders * order 0');
  await watch(STREAM);
  await listener('one');
  await listens();
  for (const order of [1, 2, 3]) await redis.say(`XADD orders * order ${order}`);
  expect((await events(3)).map(({ fields }) => fields)).toEqual([{ order: '1' }, { order: '2' }, { order: '3' }]);
  const pending = () => redis.say('XPENDING orders windlass:in');
  await until(async () => /^\*4\r?\n:0/.test(await pending()), { what: 'all are acknowledged' });
  await until(async () => (await sql('select 1 from asset_watch_item')).length === 0, { what: 'nothing is kept' });
});

it.each(['assetListen.before_save', 'assetListen.after_save'] as const)(
  'an entry is told once when a triggerer fails at %s',
  async (name) => {
    await watch(STREAM);
    await listener('one');
    await listens();
    once(name);
    await redis.say('XADD orders * order 1');
    await until(async () => !/^\*4\r?\n:0/.test(await redis.say('XPENDING orders windlass:in')), { what: 'it was delivered' });
    await redis.say('XADD orders * order 2');
    await until(async () => (await extras()).some(({ fields }) => (fields as { order: string }).order === '2'), { what: 'the second' });
    expect((await extras()).map(({ fields }) => fields)).toEqual([{ order: '1' }, { order: '2' }]);
  },
);

it('entries that a dead triggerer read and did not write are read by the next; one that comes back writes nothing', async () => {
  await watch(STREAM);
  const first = await listener('one');
  await listens();
  // The first hears and cannot write: its lease is another's before its statement.
  await takeAway();
  const second = await listener('two');
  for (const order of [1, 2, 3, 4, 5]) await redis.say(`XADD orders * order ${order}`);
  await events(5);
  await first.runOnce();
  expect(first.size).toBe(0);
  expect(second.size).toBe(1);
  const told = (await extras()).map(({ fields }) => (fields as { order: string }).order);
  expect(told.toSorted()).toEqual(['1', '2', '3', '4', '5']);
});

it('a Redis that was erased is read again from its new beginning', async () => {
  await watch(STREAM);
  await listener('one');
  await listens();
  await redis.say('XADD orders * order 1');
  await events(1);
  await redis.say('FLUSHALL');
  await redis.say('XADD orders * order 2');
  expect((await events(2)).at(-1)).toMatchObject({ fields: { order: '2' } });
});

it('a server that is away is said, and listened to when it is back', async () => {
  await watch(STREAM);
  await listener('one');
  await listens();
  await redis.kill();
  await until(async () => (await row())?.note?.startsWith('Not listening: '), { what: 'the note' });
  await redis.restart();
  await redis.say('XADD orders * order 1');
  expect(await events(1)).toMatchObject([{ fields: { order: '1' } }]);
  await until(async () => (await row())?.note === null, { what: 'no note' });
});
