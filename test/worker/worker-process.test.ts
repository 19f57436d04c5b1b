/** Workers as real processes that are stopped, frozen and killed, and a broker that goes away. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBroker } from '#platform/broker/open-broker.ts';
import { systemClock } from '#platform/clock.ts';
import { Secret } from '#platform/config/config.ts';
import { quietLogger } from '#platform/logger.ts';
import { startRedis } from '#test/support/redis.ts';
import { until } from '#test/support/until.ts';
import { startWorker } from '../../worker/main.ts';
import {
  attemptsOf,
  ended,
  instanceOf,
  isAlive,
  logOf,
  logSays,
  openWorld,
  queueTask,
  ring,
  type SavedDag,
  saveDag,
  type World,
} from './support.ts';
import { LEASE_TTL_MS, startWorkerProcess } from './worker-child.ts';

let world: World;
let dag: SavedDag;

const SOURCE = `
import { dag } from 'windlass';
export default dag('processes', {}, ({ task }) => {
  task('quick', async () => 1);
  task('deaf', async (ctx) => { ctx.log.info('at work'); await new Promise((r) => setTimeout(r, 60)); for (;;); }, { retries: 1 });
  task('short', async (ctx) => { ctx.log.info('at work'); await new Promise((r) => setTimeout(r, 500)); return 'done'; });
});
`;

beforeAll(async () => {
  world = await openWorld();
  dag = await saveDag(world.db, SOURCE);
});
afterAll(() => world.close());

const startProcess = () => startWorkerProcess(world);

async function workOn(taskId: string) {
  const task = await queueTask(world.db, dag, taskId);
  await ring(world.broker, task);
  await logSays(world.config, task, 'at work');
  const [attempt] = await attemptsOf(world.db, task);
  return { task, attempt: attempt! };
}

describe('a worker process', () => {
  it('that is killed takes the body with it', async () => {
    const { child } = await startProcess();
    const { task, attempt } = await workOn('deaf');
    child.kill('SIGKILL');
    await until(() => !isAlive(attempt.pid!), { what: 'the task process dies with its worker' });
    expect(await instanceOf(world.db, task)).toMatchObject({ state: 'running' });
  });

  it('that stands still loses its body in time, and writes nothing when it goes on', async () => {
    const { child, workerId } = await startProcess();
    const { task, attempt } = await workOn('deaf');
    expect(attempt.worker_id).toBe(workerId);
    child.kill('SIGSTOP');
    await until(() => !isAlive(attempt.pid!), { what: 'the dead-man switch kills the task process', deadlineMs: LEASE_TTL_MS + 3_000 });
    const expired = `select lease_expires_at < clock_timestamp() as expired from task_instance where task_instance_id = $1`;
    await until(async () => (await world.db.pool.query(expired, [task.taskInstanceId])).rows[0].expired, { what: 'the lease expires' });
    // What a scheduler does then.
    await world.db.pool.query(
      `update task_instance set state = 'up_for_retry', lease_epoch = lease_epoch + 1, lease_owner = null, lease_expires_at = null where task_instance_id = $1`,
      [task.taskInstanceId],
    );
    await world.db.pool.query(`update task_attempt set outcome = 'lost', ended_at = clock_timestamp() where attempt_id = $1`, [
      attempt.attempt_id,
    ]);
    const before = JSON.stringify(await logOf(world.config, task));
    const events = 'select count(*)::int as count from task_instance_event where task_instance_id = $1';
    const count = (await world.db.pool.query(events, [task.taskInstanceId])).rows[0].count;
    child.kill('SIGCONT');
    // It lives on: it runs the next task.
    const next = await queueTask(world.db, dag, 'quick');
    await ring(world.broker, next);
    await ended(world.db, next);
    expect(await instanceOf(world.db, task)).toMatchObject({ state: 'up_for_retry' });
    expect((await world.db.pool.query(events, [task.taskInstanceId])).rows[0].count).toBe(count);
    expect(JSON.stringify(await logOf(world.config, task))).toBe(before);
    expect(await attemptsOf(world.db, task)).toMatchObject([{ outcome: 'lost' }]);
  });

  it('that is told to stop finishes its task and says goodbye', async () => {
    const { child, workerId } = await startProcess();
    const { task } = await workOn('short');
    child.kill('SIGTERM');
    await until(() => child.exitCode !== null, { what: 'it ends' });
    expect(child.exitCode).toBe(0);
    expect(await instanceOf(world.db, task)).toMatchObject({ state: 'success' });
    const row = (await world.db.pool.query('select stopped_at from service where service_id = $1', [workerId])).rows[0];
    expect(row.stopped_at).not.toBeNull();
  });
});

describe('a broker that goes away', () => {
  it('does not keep a worker from finishing its task and stopping', async () => {
    const redis = await startRedis();
    const config = { ...world.config, redisUrl: new Secret(redis.url), brokerPrefix: 'going' };
    const broker = await openBroker(config, world.db, quietLogger());
    const worker = await startWorker({ config, db: world.db, broker, clock: systemClock, logger: quietLogger() });
    const task = await queueTask(world.db, dag, 'short');
    await ring(broker, task);
    await logSays(config, task, 'at work');
    await redis.stop();
    expect(await ended(world.db, task)).toMatchObject({ state: 'success' });
    const before = systemClock.monotonic();
    await worker.stop();
    expect(systemClock.monotonic() - before).toBeLessThan(5_000);
    await broker.close();
  });
});
