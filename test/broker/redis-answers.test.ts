/**
 * Goal: whatever Redis answers instead of doing its work, nothing is lost or run twice, no process ends, the log says
 * clearly what is wrong, and all goes on by itself afterwards. Method: real processes over a redis-server that is brought
 * into each state by its own commands.
 */
import { createServer, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { type Fleet, LEDGER, type Member, startFleet } from '#test/support/fleet.ts';
import type { TestRedis } from '#test/support/redis.ts';
import { until } from '#test/support/until.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 180_000 });
const RUNS = 3;

let fleet: Fleet;
let redis: TestRedis;
let scheduler: Member;

beforeAll(async () => {
  const file = `
import { dag } from 'windlass';
${LEDGER}
export const steady = dag('steady', {}, ({ task, chain }) => { chain(task('first', note), task('second', note)); });
`;
  fleet = await startFleet({ 'steady.ts': file });
  redis = fleet.broker.redis as TestRedis;
  [scheduler] = await Promise.all([fleet.start('scheduler'), fleet.start('worker')]);
  await fleet.know('steady');
});
afterAll(() => fleet.close());

const queued = async () =>
  (await fleet.sql<{ n: number }>(`select count(*)::int as n from task_instance where state = 'queued'`))[0]?.n ?? 0;

async function trigger(): Promise<void> {
  for (let run = 0; run < RUNS; run++) await fleet.trigger('steady');
}

async function expectAllEnded(): Promise<void> {
  expect(Object.keys(await fleet.allEnded(60_000))).toEqual(['success']);
  expect(fleet.members.some((member) => member.hasEnded())).toBe(false);
  const [{ instances } = { instances: 0 }] = await fleet.sql<{ instances: number }>('select count(*)::int as instances from task_instance');
  expect(new Set(fleet.ledger()).size).toBe(instances);
  expect(fleet.ledger()).toHaveLength(instances);
}

/** States in which it refuses every write; each is left again by `end`. */
const REFUSALS = [
  {
    what: 'has no memory left',
    begin: () => redis.say('CONFIG SET maxmemory 1'),
    end: () => redis.say('CONFIG SET maxmemory 0'),
    words: /"event":"delivery.not_rung".*Redis has no memory left \(maxmemory\)/,
  },
  {
    what: 'has become a replica',
    begin: () => redis.say('REPLICAOF 127.0.0.1 1'),
    end: () => redis.say('REPLICAOF NO ONE'),
    words: /"event":"delivery.not_rung".*replica that takes no writes/,
  },
] as const;

it.each(REFUSALS)('Redis $what: tasks wait in Postgres, the log says why, and all goes on', async ({ begin, end, words }) => {
  const from = scheduler.log().length;
  expect(await begin()).toMatch(/^\+OK/);
  await trigger();
  await until(async () => (await queued()) === RUNS, { what: 'the scheduler queues', deadlineMs: 30_000 });
  await until(() => words.test(scheduler.log().slice(from)), { what: 'the scheduler says what is wrong', deadlineMs: 20_000 });
  expect(await queued()).toBe(RUNS);
  expect(await end()).toMatch(/^\+OK/);
  await expectAllEnded();
});

it('Redis is busy with a script of somebody else', async () => {
  await redis.say('CONFIG SET busy-reply-threshold 100');
  const script = redis.say('EVAL "while true do end" 0').catch(() => '');
  await trigger();
  await until(async () => /BUSY/.test(await redis.say('GET x').catch(() => '')), { what: 'Redis is busy' });
  await until(async () => (await queued()) === RUNS, { what: 'the scheduler queues', deadlineMs: 30_000 });
  await redis.say('SCRIPT KILL');
  await script;
  await expectAllEnded();
});

it('Redis is loading its data after a restart', async () => {
  await redis.kill();
  const sockets = new Set<Socket>();
  const loading = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      for (const _ of chunk.toString('latin1').matchAll(/^\*\d+\r$/gm)) socket.write('-LOADING Redis is loading the dataset in memory\r\n');
    });
  }).listen(redis.port, '127.0.0.1');
  await trigger();
  await until(async () => (await queued()) === RUNS, { what: 'the scheduler queues', deadlineMs: 30_000 });
  await until(() => sockets.size >= 4, { what: 'its connections are tried again', deadlineMs: 20_000 });
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => loading.close(resolve));
  await redis.restart();
  await expectAllEnded();
});

it('Redis forgets its scripts', async () => {
  await redis.say('SCRIPT FLUSH');
  await trigger();
  await expectAllEnded();
});

it('Redis holds all commands back for 3 s', async () => {
  await redis.say('CLIENT PAUSE 3000 ALL');
  await trigger();
  await expectAllEnded();
});

it('somebody cuts every connection again and again', async () => {
  for (let times = 0; times < 4; times++) {
    await fleet.trigger('steady');
    for (const type of ['normal', 'pubsub']) await redis.say(`CLIENT KILL TYPE ${type} SKIPME yes`);
    const cutAt = performance.now();
    await until(() => performance.now() - cutAt > 2_000, { what: 'two seconds more' });
  }
  await expectAllEnded();
});

it('says the same of a long outage once, not with each attempt', async () => {
  // One that has not said so before: the other has, in the outages above, perhaps within the last half minute.
  const fresh = await fleet.start('scheduler');
  await redis.kill();
  const goneAt = performance.now();
  await until(() => performance.now() - goneAt > 5_000, { what: 'five seconds', deadlineMs: 6_000 });
  const lines = fresh
    .log()
    .split('\n')
    .filter((line) => line.includes('"event":"broker.'));
  expect(lines.length).toBeGreaterThan(0);
  expect(lines.length).toBeLessThan(12);
  await redis.restart();
  await trigger();
  await expectAllEnded();
});
