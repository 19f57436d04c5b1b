/**
 * Goal: with Postgres away for any time, and the queues on it too, no process ends, and when it is back the same ones finish everything.
 * Bodies go on for as long as their leases can be trusted. Method: real processes that reach Postgres through a proxy that refuses, or
 * that takes everything and never answers. `npm run test:outages` makes the long one last two minutes.
 */
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { FaultProxy } from '#test/support/fault-proxy.ts';
import { type Fleet, LEDGER, startFleet } from '#test/support/fleet.ts';
import { until } from '#test/support/until.ts';

const LONG_MS = Number(process.env['WINDLASS_TEST_OUTAGE_MS'] ?? 6_000);
const BACK_MS = 60_000;
const RUNS = 4;
vi.setConfig({ testTimeout: LONG_MS * 2 + 180_000, hookTimeout: 180_000 });

const FILE = `
import { dag } from 'windlass';
${LEDGER}
export const steady = dag('steady', {}, ({ task, chain }) => { chain(task('first', note), task('second', note)); });
const through = (ms) => ({ task, chain }) => {
  chain(task('through', async (ctx) => { await sleep(ms); note(ctx); }, { retries: 3, retryDelay: 100 }), task('after', note));
};
export const short = dag('short', {}, through(3_500));
export const long = dag('long', {}, through(${LONG_MS} + 500));
`;

let fleet: Fleet;
let proxy: FaultProxy;

beforeAll(async () => {
  fleet = await startFleet({ 'away.ts': FILE });
  const url = new URL(fleet.database.url);
  proxy = await FaultProxy.open(Number(url.port));
  url.port = String(proxy.port);
  const environment = { DATABASE_URL: url.href };
  await Promise.all([
    fleet.start('scheduler', { environment }),
    fleet.start('worker', { environment }),
    fleet.start('worker', { environment }),
  ]);
  await fleet.know('steady', 'short', 'long');
});
afterAll(async () => {
  await fleet.close();
  await proxy.close();
});

const OUTAGES = [
  { what: 'refuses for 3 s', ms: 3_000, dag: 'short', begin: () => proxy.refuse() },
  { what: `is mute for ${LONG_MS / 1000} s`, ms: LONG_MS, dag: 'long', begin: () => proxy.swallow('up', 'down') },
] as const;

it.each(OUTAGES)('Postgres $what: the same processes end everything afterwards, each body once', async ({ ms, dag, begin }) => {
  const run = await fleet.trigger(dag);
  await until(async () => (await fleet.states(run))['through'] === 'running', { what: 'the long body runs', deadlineMs: 60_000 });
  const from = performance.now();
  begin();
  for (let n = 0; n < RUNS; n++) await fleet.trigger('steady');
  await until(() => performance.now() - from >= ms, { what: 'the outage is over', deadlineMs: ms + 2_000 });
  proxy.heal();
  const healedAt = performance.now();
  await fleet.trigger('steady');
  expect(Object.keys(await fleet.allEnded(ms + BACK_MS))).toEqual(['success']);
  console.log(`all had ended ${((performance.now() - healedAt) / 1000).toFixed(1)} s after Postgres, away for ${ms / 1000} s, was back`);
  expect(fleet.members.some((member) => member.hasEnded())).toBe(false);
  const [{ instances } = { instances: 0 }] = await fleet.sql<{ instances: number }>('select count(*)::int as instances from task_instance');
  expect(new Set(fleet.ledger()).size).toBe(instances);
  expect(fleet.ledger()).toHaveLength(instances);
});
