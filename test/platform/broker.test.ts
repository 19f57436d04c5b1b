/**
 * Goal: both brokers keep the port's promises, also across processes. One suite, two adapters: BullMQ on a real
 * redis-server, and on real Postgres. Workers in other processes are real Node processes.
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
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
      stop: () => redis.stop(),
    };
  },
  postgres: async () => {
    const database = await createDatabase();
    return {
      url: database.url,
      open: () => openPostgresBroker({ url: database.url, prefix: 'test', clock: systemClock, logger }),
      stop: () => database.drop(),
    };
  },
};

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
    expect(await broker.depths([queue])).toEqual([{ queue, waiting: 3, active: 0 }]);
    expect(await broker.info()).toMatchObject({ kind });
  });

  it('shares one queue among several worker processes without giving a delivery to two', async () => {
    const broker = await open();
    const queue = `q_${newId()}`;
    const workers = [1, 2].map(() =>
      spawn(process.execPath, [new URL('../support/broker-consumer-process.ts', import.meta.url).pathname, kind, server.url, queue], {
        stdio: ['pipe', 'pipe', 'inherit'],
      }),
    );
    const got: string[][] = workers.map(() => []);
    const ready = workers.map((worker, index) => {
      const lines = createInterface({ input: worker.stdout });
      return new Promise<void>((resolve) => lines.on('line', (line) => (line === 'ready' ? resolve() : void got[index]?.push(line))));
    });
    await Promise.all(ready);
    const sent = Array.from({ length: 60 }, delivery);
    await broker.publish(
      queue,
      sent.map((one) => [one]),
    );
    await until(() => got.flat().length >= sent.length, { what: 'sixty deliveries' });
    expect(got.flat().toSorted()).toEqual(sent.map((one) => one.taskInstanceId).toSorted());
    expect(got.every((list) => list.length > 0)).toBe(true);
    for (const worker of workers) worker.stdin.end();
    await Promise.all(workers.map((worker) => new Promise((resolve) => worker.once('exit', resolve))));
  });
});
