/**
 * Goal: both brokers keep the port's promises, also across processes. One suite, two adapters: BullMQ on a real
 * redis-server, and on real Postgres. Workers in other processes are real Node processes.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Broker, Delivery } from '#platform/broker/broker.ts';
import { openPostgresBroker } from '#platform/broker/postgres-broker.ts';
import { openRedisBroker } from '#platform/broker/redis-broker.ts';
import { newId, systemClock } from '#platform/clock.ts';
import { quietLogger } from '#platform/logger.ts';
import { createDatabase } from '#test/support/postgres.ts';
import { startRedis } from '#test/support/redis.ts';
import { until } from '#test/support/until.ts';

const logger = quietLogger();
const delivery = (): Delivery => ({ taskInstanceId: newId(), tryNumber: 1, leaseEpoch: 0 });

const ADAPTERS = {
  redis: async () => {
    const redis = await startRedis();
    return {
      url: redis.url,
      open: () => openRedisBroker({ url: redis.url, prefix: 'test', clock: systemClock, logger }),
      pause: async (queue: string) => void (await redis.say(`HSET {test}:${queue}:meta paused 1`)),
      stop: () => redis.stop(),
    };
  },
  postgres: async () => {
    const database = await createDatabase();
    return {
      url: database.url,
      open: () => openPostgresBroker({ url: database.url, prefix: 'test', clock: systemClock, logger }),
      pause: async (queue: string) => void (await database.db.pool.query('select test_queue.pause($1, true)', [queue])),
      stop: () => database.drop(),
    };
  },
};

/** A Windlass of the next version: another wire form in the queue and at the doorbells. */
const NEWER = {
  'platform/broker/payload.ts': [['const VERSION = 1;', 'const VERSION = 2;']],
  'platform/broker/message-wire.ts': [['const VERSION = 1;', 'const VERSION = 2;']],
};
const PROCESS = fileURLToPath(new URL('../support/broker-consumer-process.ts', import.meta.url));
const OTHER_VERSION = new URL('../support/other-version.mjs', import.meta.url).href;

interface ProcessOptions {
  readonly kind: string;
  readonly url: string;
  readonly queue: string;
  /** What it rings; none = it consumes. */
  readonly ids?: readonly string[];
  readonly changes?: object;
}

/** Resolves when it is ready. `got`: the ids that it was given. */
async function aProcess({ kind, url, queue, ids = [], changes = {} }: ProcessOptions) {
  const child: ChildProcess = spawn(process.execPath, ['--import', OTHER_VERSION, PROCESS, kind, url, queue, ...ids], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, TEST_OTHER_VERSION: JSON.stringify(changes) },
  });
  const got: string[] = [];
  const exited = new Promise((resolve) => child.once('exit', resolve));
  const ready = new Promise<void>((resolve, reject) => {
    createInterface({ input: child.stdout! }).on('line', (line) => (line === 'ready' ? resolve() : void got.push(line)));
    void exited.then(() => reject(new Error('the process ended')));
  });
  await ready;
  return {
    got,
    async end() {
      child.stdin?.end();
      await exited;
    },
  };
}

describe.each(Object.entries(ADAPTERS))('the broker on %s', (kind, start) => {
  let server: Awaited<ReturnType<typeof start>>;
  const opened: Broker[] = [];
  const open = async () => {
    const broker = await server.open();
    opened.push(broker);
    return broker;
  };

  beforeAll(async () => {
    server = await start();
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((broker) => broker.close()));
  });
  afterAll(() => server.stop());

  it('brings every delivery to a consumer that was opened elsewhere', async () => {
    const [producer, consumer] = [await open(), await open()];
    const queue = `q_${newId()}`;
    const sent = Array.from({ length: 25 }, delivery);
    const got: string[] = [];
    const listening = await consumer.consume(queue, 4, async (batch) => void got.push(...batch.map((one) => one.taskInstanceId)));
    await producer.publish(queue, [sent.slice(0, 1), sent.slice(1, 11), sent.slice(11)]);
    await until(() => got.length === sent.length, { what: 'all deliveries' });
    expect(got.toSorted()).toEqual(sent.map((one) => one.taskInstanceId).toSorted());
    await listening.close(2_000);
  });

  it('handles no more batches at once than it was told to', async () => {
    const broker = await open();
    const queue = `q_${newId()}`;
    let [active, most, done] = [0, 0, 0];
    const gates: (() => void)[] = [];
    const consumer = await broker.consume(queue, 2, async () => {
      active += 1;
      most = Math.max(most, active);
      await new Promise<void>((resolve) => gates.push(resolve));
      active -= 1;
      done += 1;
    });
    await broker.publish(
      queue,
      Array.from({ length: 6 }, () => [delivery()]),
    );
    await until(
      () => {
        gates.shift()?.();
        return done === 6;
      },
      { what: 'six batches' },
    );
    expect(most).toBe(2);
    await consumer.close(2_000);
  });

  it('loses nothing to a handler that throws, and goes on', async () => {
    const broker = await open();
    const queue = `q_${newId()}`;
    const seen: string[] = [];
    const consumer = await broker.consume(queue, 1, async ([first]) => {
      seen.push(first?.taskInstanceId as string);
      if (seen.length === 1) throw new Error('boom');
    });
    const [one, two] = [delivery(), delivery()];
    await broker.publish(queue, [[one], [two]]);
    await until(() => seen.includes(two.taskInstanceId), { what: 'the second batch' });
    await consumer.close(2_000);
  });

  it('rings a doorbell in every process that listens, and unites what is rung at once', async () => {
    const [ringer, listener] = [await open(), await open()];
    const heard: { ids?: string[] }[] = [];
    const stop = await listener.listen('task_instances_ended', (message) => heard.push(message as { ids?: string[] }));
    for (const id of ['a', 'b', 'c', 'b']) ringer.ring('task_instances_ended', { shards: [1], ids: [id] });
    await until(() => new Set(heard.flatMap((message) => message.ids ?? [])).size === 3, { what: 'three ids' });
    expect(heard.length).toBeLessThan(4);
    await stop();
  });

  it('counts what waits and what is in hands', async () => {
    const broker = await open();
    const queue = `q_${newId()}`;
    await broker.publish(queue, [[delivery()], [delivery()], [delivery()]]);
    expect(await broker.depths([queue])).toEqual([{ queue, waiting: 3, active: 0, isPaused: false }]);
    expect(await broker.info()).toMatchObject({ kind });
  });

  it('counts what waits in a queue that somebody has paused by hand, and says that it is paused', async () => {
    const broker = await open();
    const queue = `q_${newId()}`;
    await broker.publish(queue, [[delivery()], [delivery()]]);
    await server.pause(queue);
    expect(await broker.depths([queue])).toEqual([{ queue, waiting: 2, active: 0, isPaused: true }]);
  });

  it('shares one queue among several worker processes without giving a delivery to two', async () => {
    const broker = await open();
    const queue = `q_${newId()}`;
    const workers = await Promise.all([1, 2].map(() => aProcess({ kind, url: server.url, queue })));
    const got = workers.map((worker) => worker.got);
    const sent = Array.from({ length: 60 }, delivery);
    await broker.publish(
      queue,
      sent.map((one) => [one]),
    );
    await until(() => got.flat().length >= sent.length, { what: 'sixty deliveries' });
    expect(got.flat().toSorted()).toEqual(sent.map((one) => one.taskInstanceId).toSorted());
    expect(got.every((list) => list.length > 0)).toBe(true);
    await Promise.all(workers.map((worker) => worker.end()));
  });

  it('leaves what a newer Windlass rang to its workers, and hears its doorbell as "look at everything"', async () => {
    const old = await open();
    const queue = `q_${newId()}`;
    const seen: string[] = [];
    const heard: unknown[] = [];
    const listening = await old.consume(queue, 2, async (batch) => void seen.push(...batch.map((one) => one.taskInstanceId)));
    const deafen = await old.listen('runs_changed', (message) => heard.push(message));
    const sent = [newId(), newId()];
    const ringer = await aProcess({ kind, url: server.url, queue, ids: sent, changes: NEWER });
    await until(() => heard.includes(null), { what: 'the doorbell' });
    // It has been in our hands once and gone back by now.
    await until(async () => (await old.depths([queue])).some((depth) => depth.waiting === 1), { what: 'the batch is in the queue' });
    const worker = await aProcess({ kind, url: server.url, queue, changes: NEWER });
    await until(() => worker.got.length === sent.length, { what: 'the newer worker has them', deadlineMs: 20_000 });
    expect(seen).toEqual([]);
    await worker.end();
    await old.publish(queue, [[delivery()]]);
    await until(() => seen.length === 1, { what: 'the old one goes on with what it knows' });
    await Promise.all([ringer.end(), deafen(), listening.close(2_000)]);
  });
});
