/**
 * Goal: a delivery is a hint and no more. One that comes twice, too late, in another order, after a person's change of mind, or that
 * is no delivery at all starts nothing, holds nobody up, and is gone from the queue. Method: a worker, and deliveries that the test
 * rings itself; one that is good follows each of them, since the queue is worked off in order.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Delivery } from '#platform/broker/broker.ts';
import { newId } from '#platform/clock.ts';
import { clearInstances, markInstances } from '#platform/db/queries/api/move-instances.ts';
import { until } from '#test/support/until.ts';
import { attemptsOf, ended, instanceOf, openWorld, type QueuedTask, queueTask, type SavedDag, saveDag, type World } from './support.ts';

const QUEUE = 'default';
let world: World;
let dag: SavedDag;

beforeAll(async () => {
  world = await openWorld({ workerSlots: 1 });
  dag = await saveDag(
    world.db,
    `import { dag } from 'windlass'; export default dag('hints', {}, ({ task }) => { task('quick', async () => 1); });`,
  );
  await world.worker();
});
afterAll(() => world.close());

const queued = () => queueTask(world.db, dag, 'quick');
const asQueued = ({ taskInstanceId }: QueuedTask): Delivery => ({ taskInstanceId, tryNumber: 1, leaseEpoch: 0 });
const publish = (...batches: readonly (readonly unknown[])[]) => world.broker.publish(QUEUE, batches as readonly (readonly Delivery[])[]);

/** Rings it, and a good one behind it; resolves when both are through. */
async function throughTheQueue(...batches: readonly (readonly unknown[])[]): Promise<void> {
  const good = await queued();
  await publish(...batches, [asQueued(good)]);
  expect(await ended(world.db, good)).toMatchObject({ state: 'success' });
  await until(async () => (await world.broker.depths([QUEUE])).every((depth) => depth.waiting === 0 && depth.active === 0), {
    what: 'nothing is left in the queue',
  });
}

const outcomes = async (task: QueuedTask) => (await attemptsOf(world.db, task)).map((attempt) => attempt.outcome);

it('one that comes again, at once and after the end, starts its body once', async () => {
  const task = await queued();
  await throughTheQueue([asQueued(task), asQueued(task)], [asQueued(task)]);
  await throughTheQueue([asQueued(task)]);
  expect(await outcomes(task)).toEqual(['success']);
});

describe('one that comes after a person', () => {
  it('marked the instance starts nothing', async () => {
    const task = await queued();
    await markInstances(world.db, [task.taskInstanceId], { event: 'mark_skipped', actor: 'user:x', reason: 'not needed' });
    await throughTheQueue([asQueued(task)]);
    expect([(await instanceOf(world.db, task)).state, await outcomes(task)]).toEqual(['skipped', []]);
  });

  it('cleared the instance starts nothing; the one for what was cleared does', async () => {
    const task = await queued();
    await markInstances(world.db, [task.taskInstanceId], { event: 'mark_failed', actor: 'user:x', reason: 'again' });
    await clearInstances(world.db, [task.taskInstanceId], 'user:x');
    await world.db.pool.query(`update task_instance set state = 'queued' where task_instance_id = $1`, [task.taskInstanceId]);
    await throughTheQueue([asQueued(task)]);
    const row = await instanceOf(world.db, task);
    expect([row.state, await outcomes(task)]).toEqual(['queued', []]);
    await throughTheQueue([{ taskInstanceId: task.taskInstanceId, tryNumber: row.try_number, leaseEpoch: row.lease_epoch }]);
    expect(await outcomes(task)).toEqual(['success']);
  });

  it('deleted the run starts nothing', async () => {
    const task = await queued();
    await world.db.pool.query('delete from dag_run where dag_run_id = $1', [task.dagRunId]);
    await throughTheQueue([asQueued(task)]);
    expect(await attemptsOf(world.db, task)).toEqual([]);
  });
});

describe('one that is late', () => {
  it('starts its body if that still waits, in whatever order', async () => {
    const tasks = await Promise.all(Array.from({ length: 5 }, queued));
    await world.db.pool.query(`update task_instance set queued_at = queued_at - interval '10 minutes' where task_instance_id = any($1)`, [
      tasks.map((task) => task.taskInstanceId),
    ]);
    await throughTheQueue(...tasks.toReversed().map((task) => [asQueued(task)]));
    for (const task of tasks) expect(await outcomes(task)).toEqual(['success']);
  });

  it('and overtaken by the next try starts nothing', async () => {
    const task = await queued();
    await world.db.pool.query('update task_instance set try_number = 2, max_tries = 2, lease_epoch = 1 where task_instance_id = $1', [
      task.taskInstanceId,
    ]);
    const next = { taskInstanceId: task.taskInstanceId, tryNumber: 2, leaseEpoch: 1 };
    await throughTheQueue([next], [asQueued(task)]);
    await throughTheQueue([asQueued(task), { ...next, leaseEpoch: 0 }]);
    expect(await outcomes(task)).toEqual(['success']);
  });
});

describe('what is no delivery', () => {
  const id = newId();
  it.each<readonly [string, readonly unknown[]]>([
    ['an id of nothing', [{ taskInstanceId: id, tryNumber: 1, leaseEpoch: 0 }]],
    ['a path for an id', [{ taskInstanceId: '../../etc/passwd', tryNumber: 1, leaseEpoch: 0 }]],
    ['an object for an id', [{ taskInstanceId: { __proto__: null, constructor: 'x' }, tryNumber: 1, leaseEpoch: 0 }]],
    ['SQL for a number', [{ taskInstanceId: id, tryNumber: "1'; drop table task_instance; --", leaseEpoch: 0 }]],
    ['a number beyond a bigint', [{ taskInstanceId: id, tryNumber: 1e300, leaseEpoch: -1e300 }]],
    ['numbers that no row has', [{ taskInstanceId: id, tryNumber: Number.MAX_SAFE_INTEGER, leaseEpoch: Number.MIN_SAFE_INTEGER }]],
    ['nothing at all', [{}]],
    ['an empty batch', []],
    ['a batch beyond its limit', Array.from({ length: 1_001 }, () => ({ taskInstanceId: id, tryNumber: 1, leaseEpoch: 0 }))],
  ])('%s is dropped, and the worker goes on', async (_, batch) => {
    await throughTheQueue(batch);
  });
});
