/**
 * Goal: a process that has more to ask Postgres than it has connections, or whose Postgres is slow or mute on some of them, keeps its
 * leases: what says "we live" waits for nothing else. Method: a worker and a scheduler whose connections are all taken by the
 * test, or that reach Postgres through a proxy that is slow or half open.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '#platform/clock.ts';
import { type Database, openDatabase } from '#platform/db/client.ts';
import { quietLogger } from '#platform/logger.ts';
import { FaultProxy } from '#test/support/fault-proxy.ts';
import { until } from '#test/support/until.ts';
import { startScheduler } from '../../scheduler/main.ts';
import { startWorker } from '../../worker/main.ts';
import { attemptsOf, ended, logSays, openWorld, queueTask, ring, type SavedDag, saveDag, type World } from '../worker/support.ts';

const TTL_MS = 4_000;
/** Longer than a lease. */
const FAULT_MS = 5_000;
const SOURCE = `
import { dag } from 'windlass';
export default dag('lasting', {}, ({ task }) => {
  task('body', async (ctx) => { ctx.log.info('at work'); await new Promise((r) => setTimeout(r, ${FAULT_MS})); return 'done'; }, { retries: 1 });
});
`;

let world: World;
let dag: SavedDag;

beforeAll(async () => {
  world = await openWorld({ leaseTtlMs: TTL_MS, shardLeaseTtlMs: TTL_MS });
  dag = await saveDag(world.db, SOURCE);
});
afterAll(() => world.close());

const CONNECTIONS = 3;
const databaseAt = (url: string) =>
  openDatabase({
    url,
    applicationName: 'under-test',
    logger: quietLogger(),
    maxConnections: CONNECTIONS,
    reservedTimeoutMs: 1_000,
    // The end of a body is asked for on connections that may be dead, one after the other.
    answerTimeoutMs: 2_000,
  });

async function takeAll(db: Database): Promise<() => void> {
  const taken = await Promise.all(Array.from({ length: CONNECTIONS }, () => db.pool.connect()));
  return () => {
    for (const client of taken) client.release();
  };
}

const FAULTS: readonly { readonly what: string; readonly begin: (db: Database, proxy: FaultProxy) => Promise<() => void> }[] = [
  {
    what: 'has all its connections in slow statements',
    begin: takeAll,
  },
  {
    what: 'hears nothing any more on its connections, and is not told',
    begin: async (_, proxy) => {
      proxy.halfOpen();
      return () => {};
    },
  },
  {
    what: 'waits 200 ms for each answer',
    begin: async (_, proxy) => {
      proxy.slow(200, 0, () => 0);
      return () => proxy.heal();
    },
  },
];

async function throughFault(begin: () => Promise<() => void>): Promise<void> {
  const end = await begin();
  const from = systemClock.monotonic();
  try {
    await until(() => systemClock.monotonic() - from > FAULT_MS, { what: 'the fault has lasted', deadlineMs: FAULT_MS + 2_000 });
  } finally {
    end();
  }
}

const queueOf = (what: string) => what.replaceAll(/\W/g, '_');

function through(proxy: FaultProxy): string {
  const url = new URL(world.db.url);
  url.port = String(proxy.port);
  return url.href;
}

describe.concurrent('a worker that', () => {
  it.each(FAULTS)('$what keeps the lease of a body that runs', async ({ what, begin }) => {
    const proxy = await FaultProxy.open(Number(new URL(world.db.url).port));
    const db = databaseAt(through(proxy));
    const { broker } = world;
    // Each has a queue of its own: they are hit at the same time.
    const config = { ...world.config, workerQueues: [queueOf(what)] };
    const worker = await startWorker({ config, db, broker, clock: systemClock, logger: quietLogger() });
    try {
      const task = { ...(await queueTask(world.db, dag, 'body')), queue: queueOf(what) };
      await ring(broker, task);
      await logSays(config, task, 'at work');
      await throughFault(() => begin(db, proxy));
      expect(await ended(world.db, task)).toMatchObject({ state: 'success' });
      expect(await attemptsOf(world.db, task)).toMatchObject([{ outcome: 'success' }]);
    } finally {
      await worker.stop();
      await db.close();
      await proxy.close();
    }
  });
});

it('a worker keeps the leases of its other bodies while somebody has locked the row of one', async () => {
  const { config, broker } = world;
  const db = databaseAt(world.db.url);
  const worker = await startWorker({ config, db, broker, clock: systemClock, logger: quietLogger() });
  const stranger = await world.db.pool.connect();
  try {
    const [locked, other] = [await queueTask(world.db, dag, 'body'), await queueTask(world.db, dag, 'body')];
    await ring(broker, locked, other);
    for (const task of [locked, other]) await logSays(config, task, 'at work');
    await stranger.query('begin');
    await stranger.query('select 1 from task_instance where task_instance_id = $1 for update', [locked.taskInstanceId]);
    expect(await ended(world.db, other)).toMatchObject({ state: 'success' });
    expect(await attemptsOf(world.db, other)).toMatchObject([{ outcome: 'success' }]);
  } finally {
    await stranger.query('rollback');
    stranger.release();
    await worker.stop();
    await db.close();
  }
});

describe('a scheduler that', () => {
  it('has all its connections in slow statements keeps its shards, and counts as alive', async () => {
    const db = databaseAt(world.db.url);
    const { config, broker } = world;
    const scheduler = await startScheduler({ config, db, broker, clock: systemClock, logger: quietLogger() });
    const held = async () =>
      (
        await world.db.pool.query<{ shard: number; epoch: number }>(
          'select shard, epoch from scheduler_shard where owner = $1 and expires_at > clock_timestamp() order by shard',
          [scheduler.schedulerId],
        )
      ).rows;
    try {
      const before = await until(async () => ((await held()).length > 0 ? await held() : false), { what: 'it holds shards' });
      let fewest = before.length;
      const watched = throughFault(() => takeAll(db));
      let over = false;
      void watched.finally(() => (over = true));
      await until(
        async () => {
          fewest = Math.min(fewest, (await held()).length);
          return over;
        },
        { what: 'it was watched through the fault', deadlineMs: FAULT_MS + 3_000 },
      );
      expect(fewest).toBe(before.length);
      expect(await held()).toEqual(before);
      const { rows } = await world.db.pool.query(
        "select last_heartbeat_at > clock_timestamp() - $2::int * interval '1 ms' as alive from service where service_id = $1",
        [scheduler.schedulerId, TTL_MS / 2],
      );
      expect(rows).toEqual([{ alive: true }]);
    } finally {
      await scheduler.stop();
      await db.close();
    }
  });
});
