// Goal: a worker holds what it can begin soon and leaves the rest to others; what it gives back goes back in few messages.
// Method: the intake alone over a real broker; bodies that end when the test says so.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Broker, Delivery } from '#platform/broker/broker.ts';
import { openBroker } from '#platform/broker/open-broker.ts';
import { systemClock } from '#platform/clock.ts';
import { Secret } from '#platform/config/config.ts';
import { openDatabase } from '#platform/db/client.ts';
import type { Claimed } from '#platform/db/queries/claim-task-instances.ts';
import { quietLogger } from '#platform/logger.ts';
import { startBroker, type TestBroker } from '#test/support/broker.ts';
import { testConfig } from '#test/support/config.ts';
import { FaultProxy } from '#test/support/fault-proxy.ts';
import { createDatabase, type TestDatabase } from '#test/support/postgres.ts';
import { until } from '#test/support/until.ts';
import { Intake } from '../../worker/intake.ts';

let database: TestDatabase;
let testBroker: TestBroker;
let broker: Broker;

beforeAll(async () => {
  database = await createDatabase();
  testBroker = await startBroker(database);
  broker = await testBroker.open();
});
afterAll(async () => {
  await testBroker.stop();
  await database.drop();
});

function worker(queue: string, slots: number, turns: { ahead: number; paceMs: number }, through = broker) {
  const running = new Map<string, () => void>();
  const intake = new Intake({
    broker: through,
    clock: systemClock,
    logger: quietLogger(),
    queues: [queue],
    slots,
    turns,
    claim: async ({ taskInstanceId }) => ({ claimed: { taskInstanceId } as Claimed, held: null }),
    run: ({ claimed }) => new Promise((resolve) => running.set(claimed.taskInstanceId, resolve)),
  });
  return { intake, running };
}

function deliveries(count: number): readonly Delivery[] {
  return Array.from({ length: count }, () => ({ taskInstanceId: randomUUID(), tryNumber: 1, leaseEpoch: 0 }));
}

describe('a worker whose slots are full', () => {
  it('claims as many as it has slots when attempts are long, and others get the rest', async () => {
    const busy = worker('long', 2, { ahead: 0, paceMs: 60_000 });
    await busy.intake.open();
    await broker.publish('long', [deliveries(10), deliveries(10)]);
    await until(() => busy.running.size === 2, { what: 'its slots are taken' });
    const other = worker('long', 18, { ahead: 0, paceMs: 60_000 });
    await other.intake.open();
    await until(() => other.running.size === 18, { what: 'the other worker has the rest' });
    expect(busy.running.size).toBe(2);
    for (const { intake, running } of [busy, other]) {
      for (const end of running.values()) end();
      await intake.close();
    }
  });

  it('claims some ahead when attempts are short', async () => {
    const quick = worker('short', 2, { ahead: 4, paceMs: 1 });
    await quick.intake.open();
    await broker.publish('short', [deliveries(20)]);
    await until(() => quick.running.size === 6, { what: 'two slots and four ahead are claimed' });
    for (let ended = 0; ended < 20; ended++) {
      await until(() => quick.running.size > 0, { what: 'the next is claimed' });
      const [id, end] = [...quick.running][0] as [string, () => void];
      quick.running.delete(id);
      end();
    }
    await quick.intake.close();
  });

  it('gives back what waits in few messages', async () => {
    const busy = worker('many', 1, { ahead: 0, paceMs: 60_000 });
    await busy.intake.open();
    await broker.publish('many', [deliveries(50), deliveries(50), deliveries(50), deliveries(50)]);
    let depth = { waiting: 0, active: 1 };
    await until(
      async () => {
        depth = (await broker.depths(['many']))[0] ?? depth;
        return busy.running.size === 1 && depth.active === 0 && depth.waiting > 0;
      },
      { what: 'the rest is given back' },
    );
    expect(depth.waiting).toBeLessThanOrEqual(40);
    for (const end of busy.running.values()) end();
    await busy.intake.close();
  });
});

/** A way to the broker that can be taken away, whichever it is. */
async function openThroughProxy() {
  const url = new URL(testBroker.redis?.url ?? database.url);
  const proxy = await FaultProxy.open(Number(url.port));
  url.port = String(proxy.port);
  const logger = quietLogger();
  const db = openDatabase({ url: testBroker.kind === 'postgres' ? url.href : database.url, applicationName: 'test:away', logger });
  const away = await openBroker(testConfig({ ...testBroker.settings, redisUrl: new Secret(url.href) }), db, logger);
  const close = async () => {
    await away.close();
    await db.close();
    await proxy.close();
  };
  return { proxy, away, close };
}

describe('a worker whose broker goes away', () => {
  it.each([
    ['refuses', (proxy: FaultProxy) => proxy.refuse()],
    ['is mute', (proxy: FaultProxy) => proxy.swallow('up', 'down')],
  ] as const)('and %s hears soon after it is back, though its connections were made anew meanwhile', async (how, goAway) => {
    const { proxy, away, close } = await openThroughProxy();
    const { intake, running } = worker(how, 8, { ahead: 0, paceMs: 60_000 }, away);
    await intake.open();
    await broker.publish(how, [deliveries(1)]);
    await until(() => running.size === 1, { what: 'it hears' });
    goAway(proxy);
    await intake.reopen();
    await intake.reopen();
    proxy.heal();
    // One after the other: a connection that is half open brings what is there, and is deaf to what comes later.
    for (let heard = 1; heard < 4; heard++) {
      await broker.publish(how, [deliveries(1)]);
      await until(() => running.size === heard + 1, { what: `it hears again, ${heard}`, deadlineMs: 5_000 });
    }
    for (const end of running.values()) end();
    await intake.close();
    await close();
  });
});
