/**
 * Goal: with Redis away for any time and in any way, schedulers go on queueing, bodies go on running, and when it is back
 * the same processes finish everything. Method: real processes over a redis-server that is killed, frozen (it accepts and
 * never answers) and emptied. `npm run test:outages` makes the long ones last two minutes.
 */
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { createUser, issueToken } from '#platform/auth/users.ts';
import { type Fleet, LEDGER, type Member, startFleet } from '#test/support/fleet.ts';
import type { TestRedis } from '#test/support/redis.ts';
import { until } from '#test/support/until.ts';

const LONG_MS = Number(process.env['WINDLASS_TEST_OUTAGE_MS'] ?? 10_000);
/** However long it was away. A ring that was lost is given again after 2 s, by a sweep each second; the rest is a busy machine's. */
const BACK_MS = 15_000;
const RUNS = 4;
vi.setConfig({ testTimeout: LONG_MS + 180_000, hookTimeout: 180_000 });

const FILE = `
import { dag } from 'windlass';
${LEDGER}
export const steady = dag('steady', {}, ({ task, chain }) => {
  chain(task('first', note), task('second', note), task('third', note));
});
const through = (ms) => ({ task, chain }) => {
  chain(task('through', async (ctx) => { await sleep(ms); note(ctx); }), task('after', note));
};
export const short = dag('short', {}, through(4_000));
export const long = dag('long', {}, through(${LONG_MS} - 2_000));
`;

let fleet: Fleet;
let redis: TestRedis;
let monitor: Member;
let authorization: string;

beforeAll(async () => {
  fleet = await startFleet({ 'away.ts': FILE });
  redis = fleet.broker.redis as TestRedis;
  [monitor] = await Promise.all([fleet.start('monitor'), fleet.start('scheduler'), fleet.start('worker'), fleet.start('worker')]);
  await createUser(fleet.database.db, { username: 'vera', password: 'correct horse battery', role: 'viewer' });
  authorization = `Bearer ${(await issueToken(fleet.database.db, { username: 'vera', kind: 'api', ttlMs: 3_600_000 })).token}`;
  await fleet.know('steady', 'short', 'long');
});
afterAll(() => fleet.close());

const inState = async (state: string, dagId: string) =>
  (
    await fleet.sql<{ n: number }>(
      'select count(*)::int as n from task_instance ti join dag_run r using (dag_run_id) where ti.state = $1 and r.dag_id = $2',
      [state, dagId],
    )
  )[0]?.n ?? 0;

/** What the monitor shows of the broker. */
async function shownBroker(): Promise<string> {
  const answer = await fetch(`${monitor.url}/api/v1/overview`, { headers: { authorization } });
  return JSON.stringify(((await answer.json()) as { broker: unknown }).broker);
}

const OUTAGES = [
  { what: 'killed for 3 s', ms: 3_000, dag: 'short', begin: () => redis.kill(), end: () => redis.restart() },
  { what: `killed for ${LONG_MS / 1000} s`, ms: LONG_MS, dag: 'long', begin: () => redis.kill(), end: () => redis.restart() },
  { what: 'mute for 3 s', ms: 3_000, dag: 'short', begin: async () => redis.freeze(), end: async () => redis.thaw() },
  { what: `mute for ${LONG_MS / 1000} s`, ms: LONG_MS, dag: 'long', begin: async () => redis.freeze(), end: async () => redis.thaw() },
] as const;

it.each(OUTAGES)(
  `Redis $what: what is queued meanwhile has ended ${BACK_MS / 1000} s after it is back`,
  async ({ ms, dag, begin, end }) => {
    await fleet.trigger(dag);
    await until(async () => (await inState('running', dag)) > 0, { what: 'the long body runs', deadlineMs: 60_000 });
    const before = performance.now();
    await begin();
    for (let run = 0; run < RUNS; run++) await fleet.trigger('steady');
    const pauseLeft = () => ms - (performance.now() - before);
    if (dag === 'long') {
      await until(async () => (await inState('queued', 'steady')) === RUNS, { what: 'the scheduler queues', deadlineMs: ms });
      await until(async () => /does not answer/.test(await shownBroker()), { what: 'the monitor says that Redis is away', deadlineMs: ms });
      await until(async () => (await inState('running', dag)) === 0, { what: 'the long body ends by itself', deadlineMs: ms + 5_000 });
    }
    await until(() => pauseLeft() <= 0, { what: 'the outage is over', deadlineMs: ms + 1_000 });
    await end();
    const backAt = performance.now();
    await fleet.trigger('steady');
    await expectAllEnded();
    console.log(`all had ended ${((performance.now() - backAt) / 1000).toFixed(1)} s after Redis, away for ${ms / 1000} s, was back`);
  },
);

it('emptied while tasks wait and run, it loses nothing', async () => {
  for (let run = 0; run < RUNS; run++) await fleet.trigger('steady');
  for (let times = 0; times < 20; times++) {
    await redis.say('FLUSHALL');
    await until(async () => true, { what: 'a turn', pollMs: 1 });
  }
  await expectAllEnded();
});

async function expectAllEnded(): Promise<void> {
  expect(Object.keys(await fleet.allEnded(BACK_MS))).toEqual(['success']);
  expect(fleet.members.some((member) => member.hasEnded())).toBe(false);
  // Each body once: nothing was lost, nothing ran twice.
  const [{ instances } = { instances: 0 }] = await fleet.sql<{ instances: number }>('select count(*)::int as instances from task_instance');
  expect(new Set(fleet.ledger()).size).toBe(instances);
  expect(fleet.ledger()).toHaveLength(instances);
}
