/** Leases and stopping: one attempt at a time, no write without a lease, nothing lost when a worker goes. */
import { spawn } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '#platform/clock.ts';
import { clearInstances, markInstances } from '#platform/db/queries/api/move-instances.ts';
import { quietLogger } from '#platform/logger.ts';
import { until } from '#test/support/until.ts';
import { Commits } from '../../worker/commits.ts';
import { LeaseKeeper } from '../../worker/lease-keeper.ts';
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

let world: World;
let dag: SavedDag;

const SOURCE = `
import { dag } from 'windlass';
export default dag('leases', {}, ({ task }) => {
  task('quick', async () => 1);
  task('long', async (ctx) => { ctx.log.info('at work'); await new Promise((r) => setTimeout(r, 60_000)); });
  task('long_retried', async (ctx) => { ctx.log.info('at work'); await new Promise((r) => setTimeout(r, 60_000)); }, { retries: 1 });
  task('deaf', async (ctx) => { ctx.log.info('at work'); await new Promise((r) => setTimeout(r, 50)); for (;;); }, { retries: 1 });
  task('short', async (ctx) => { ctx.log.info('at work'); await new Promise((r) => setTimeout(r, 400)); return 'done'; });
  task('elsewhere', async (ctx) => { ctx.log.info('at work'); await new Promise((r) => setTimeout(r, 60_000)); }, { queue: 'elsewhere', retries: 1 });
  task('narrow', async () => { await new Promise((r) => setTimeout(r, 300)); return 1; }, { queue: 'narrow' });
});
`;

beforeAll(async () => {
  world = await openWorld({ workerSlots: 4 });
  dag = await saveDag(world.db, SOURCE);
});
afterAll(() => world.close());

describe('claims', () => {
  it('let one of several workers run an instance that was rung many times', async () => {
    await world.worker();
    await world.worker();
    const tasks = await Promise.all(Array.from({ length: 10 }, () => queueTask(world.db, dag, 'quick')));
    await Promise.all([1, 2, 3].map(() => ring(world.broker, ...tasks)));
    for (const task of tasks) await ended(world.db, task);
    for (const task of tasks) expect(await attemptsOf(world.db, task)).toMatchObject([{ outcome: 'success' }]);
  });

  it('never exceed the slots, and the rest waits in the queue', async () => {
    await world.worker({ workerSlots: 1, workerQueues: ['narrow'] });
    const tasks = await Promise.all(Array.from({ length: 3 }, () => queueTask(world.db, dag, 'narrow')));
    await ring(world.broker, ...tasks);
    let most = 0;
    await until(
      async () => {
        // In one statement: two would see two moments.
        const rows = await world.db.pool.query('select state from task_instance where task_instance_id = any($1)', [
          tasks.map((task) => task.taskInstanceId),
        ]);
        const states = rows.rows.map((row) => row.state as string);
        most = Math.max(most, states.filter((state) => state === 'running').length);
        return states.every((state) => state === 'success');
      },
      { what: 'all three have run, one after the other' },
    );
    expect(most).toBe(1);
  });
});

describe('a claim', () => {
  it('says for how long the try has been going on by the clock of Postgres, whatever the worker believes', async () => {
    const task = await queueTask(world.db, dag, 'elsewhere');
    await world.db.pool.query(
      `update task_instance set first_started_at = clock_timestamp() - interval '1 minute' where task_instance_id = $1`,
      [task.taskInstanceId],
    );
    const commits = new Commits({ db: world.db, broker: world.broker, workerId: 'w', hostname: 'h', leaseTtlMs: 60_000 });
    const claimed = await commits.claim({ taskInstanceId: task.taskInstanceId, tryNumber: 1, leaseEpoch: 0 });
    expect(claimed?.tryAgeMs).toBeGreaterThanOrEqual(60_000);
    expect(claimed?.tryAgeMs).toBeLessThan(70_000);
    const first = await queueTask(world.db, dag, 'elsewhere');
    expect((await commits.claim({ taskInstanceId: first.taskInstanceId, tryNumber: 1, leaseEpoch: 0 }))?.tryAgeMs).toBe(0);
  });
});

describe('a lost lease', () => {
  it('kills the process at once and leaves state and log to the new holder', async () => {
    await world.worker();
    const task = await queueTask(world.db, dag, 'deaf');
    await ring(world.broker, task);
    await logSays(world.config, task, 'at work');
    const [attempt] = await attemptsOf(world.db, task);
    expect(isAlive(attempt!.pid!)).toBe(true);
    // What a scheduler does when it takes a lease for expired.
    await world.db.pool.query(
      `update task_instance set state = 'up_for_retry', lease_epoch = lease_epoch + 1, lease_owner = null, lease_expires_at = null
        where task_instance_id = $1`,
      [task.taskInstanceId],
    );
    await world.db.pool.query(`update task_attempt set outcome = 'lost', ended_at = clock_timestamp() where attempt_id = $1`, [
      attempt!.attempt_id,
    ]);
    await until(() => !isAlive(attempt!.pid!), { what: 'the process of the lost attempt is dead' });
    expect(await instanceOf(world.db, task)).toMatchObject({ state: 'up_for_retry', lease_owner: null });
    expect(await attemptsOf(world.db, task)).toMatchObject([{ outcome: 'lost' }]);
    expect((await logOf(world.config, task)).some((line) => line.fields['attempt_ended'] === true)).toBe(false);
  });

  it('is assumed when Postgres cannot confirm it in time', async () => {
    const lost: string[] = [];
    const broken = { ...world.db, query: () => Promise.reject(new Error('Postgres is away')) };
    const keeper = new LeaseKeeper({
      timing: { ttlMs: 600, renewMs: 50 },
      workerId: 'w',
      db: broken as typeof world.db,
      clock: systemClock,
      logger: quietLogger(),
    });
    const startedAt = systemClock.monotonic();
    keeper.add({
      taskInstanceId: '00000000-0000-7000-8000-000000000001',
      leaseEpoch: 1,
      takenAt: startedAt,
      progress: () => null,
      onRenewed: () => {},
      onLost: (reason, graceMs) => lost.push(`${reason} ${graceMs > 0}`),
    });
    await keeper.start();
    await until(() => lost.length > 0, { what: 'the keeper gives the lease up' });
    expect(systemClock.monotonic() - startedAt).toBeLessThan(600);
    expect(lost).toEqual(['the lease could not be renewed in time true']);
    await keeper.stop();
  });

  it('is told from a newer lease of the same instance on the same worker', async () => {
    const task = await queueTask(world.db, dag, 'elsewhere');
    const commits = new Commits({ db: world.db, broker: world.broker, workerId: 'both', hostname: 'h', leaseTtlMs: 60_000 });
    const delivery = { taskInstanceId: task.taskInstanceId, tryNumber: 1 };
    const lost: number[] = [];
    const timing = { ttlMs: 60_000, renewMs: 5_000 };
    const keeper = new LeaseKeeper({ timing, workerId: 'both', db: world.db, clock: systemClock, logger: quietLogger() });
    const hold = async (leaseEpoch: number) => {
      const claimed = (await commits.claim({ ...delivery, leaseEpoch }))!;
      keeper.add({
        ...claimed,
        takenAt: systemClock.monotonic(),
        progress: () => null,
        onRenewed: () => {},
        onLost: () => lost.push(claimed.leaseEpoch),
      });
    };
    await hold(0);
    // A person marks the running instance and clears it, and this worker is the next to claim it.
    await markInstances(world.db, [task.taskInstanceId], { event: 'mark_failed', actor: 'user:x', reason: 'marked' });
    await clearInstances(world.db, [task.taskInstanceId], 'user:x');
    await world.db.pool.query(`update task_instance set state = 'queued' where task_instance_id = $1`, [task.taskInstanceId]);
    await hold(3);
    await keeper.renewOnce();
    expect(lost).toEqual([1]);
  });

  it('ends the task process by itself when its supervisor stands still', async () => {
    const { TaskProcess } = await import('../../worker/task-process.ts');
    const process = new TaskProcess({ memoryMb: 128, openFilesMax: 1_024, uid: null, xcomMaxBytes: 1024 }, systemClock);
    process.allow(1_500);
    const exit = await process.exited;
    expect(exit.signal).toBe('SIGKILL');
  });

  it('is not written over: a stale finish is refused', async () => {
    const task = await queueTask(world.db, dag, 'elsewhere');
    const commits = new Commits({ db: world.db, broker: world.broker, workerId: 'stale', hostname: 'h', leaseTtlMs: 60_000 });
    const claimed = (await commits.claim({ taskInstanceId: task.taskInstanceId, tryNumber: 1, leaseEpoch: 0 }))!;
    expect(claimed.leaseEpoch).toBe(1);
    expect(await commits.claim({ taskInstanceId: task.taskInstanceId, tryNumber: 1, leaseEpoch: 0 })).toBeNull();
    const finish = {
      attemptId: claimed.attemptId,
      taskInstanceId: task.taskInstanceId,
      event: 'succeed',
      reason: null,
      error: null,
      followed: null,
      mapLengths: {},
      nextTryInMs: null,
      mapLabel: null,
      extraXcoms: [],
      callbacks: [],
    } as const;
    expect(await commits.finish(claimed, { ...finish, leaseEpoch: 0 })).toEqual({ accepted: false });
    expect(await commits.finish(claimed, { ...finish, leaseEpoch: 1 })).toEqual({ accepted: true });
  });
});

describe('a worker that stops', () => {
  it('lets tasks finish that need less than the drain time', async () => {
    const worker = await world.worker({ workerQueues: ['q1'], workerDrainMs: 10_000 });
    const task = { ...(await queueTask(world.db, dag, 'short')), queue: 'q1' };
    await ring(world.broker, task);
    await logSays(world.config, task, 'at work');
    await worker.stop();
    expect(await instanceOf(world.db, task)).toMatchObject({ state: 'success' });
  });

  it('hands back what it cannot finish, at no cost', async () => {
    const worker = await world.worker({ workerQueues: ['q2'] });
    const task = { ...(await queueTask(world.db, dag, 'long_retried')), queue: 'q2' };
    await ring(world.broker, task);
    await logSays(world.config, task, 'at work');
    await worker.stop();
    const row = await instanceOf(world.db, task);
    expect(row).toMatchObject({ state: 'scheduled', try_number: 1, lease_owner: null });
    const [attempt] = await attemptsOf(world.db, task);
    expect(attempt).toMatchObject({ outcome: 'handed_back' });
    expect(isAlive(attempt!.pid!)).toBe(false);
    expect((await logOf(world.config, task)).at(-1)?.event).toContain('handed back');
    const service = await world.db.pool.query('select stopped_at from service where service_id = $1', [worker.workerId]);
    expect(service.rows[0].stopped_at).not.toBeNull();
  });

  it('does not start a body twice that may run only once', async () => {
    const worker = await world.worker({ workerQueues: ['q3'] });
    const task = { ...(await queueTask(world.db, dag, 'long')), queue: 'q3' };
    await ring(world.broker, task);
    await logSays(world.config, task, 'at work');
    await worker.stop();
    const row = await instanceOf(world.db, task);
    expect(row.state).toBe('failed');
    expect(row.reason).toContain('with retries: 0 the task is not started a second time');
  });
});

describe('an operator', () => {
  it('pauses, resumes, resizes and stops a worker', async () => {
    const worker = await world.worker({ workerQueues: ['q4'], serviceHeartbeatMs: 60_000 });
    const row = async () => (await world.db.pool.query('select * from service where service_id = $1', [worker.workerId])).rows[0];
    const ask = async (state: string, slots: number | null) => {
      await world.db.pool.query('update service set desired_state = $2, desired_slots = $3 where service_id = $1', [
        worker.workerId,
        state,
        slots,
      ]);
      world.broker.ring('worker_control', { workerId: worker.workerId });
    };
    expect(await row()).toMatchObject({ state: 'running', slots: 4, queues: ['q4'], kind: 'worker' });
    await ask('paused', 2);
    await until(async () => (await row()).state === 'paused' && (await row()).slots === 2, { what: 'it is paused with two slots' });
    const task = { ...(await queueTask(world.db, dag, 'short')), queue: 'q4' };
    await ring(world.broker, task);
    await ask('running', 3);
    await ended(world.db, task);
    await ask('stopped', 3);
    await worker.stopped;
    expect((await row()).stopped_at).not.toBeNull();
  });
});

describe('a worker that is killed', () => {
  it('takes its task processes with it, even those that never look up', async () => {
    const program = `
      import { TaskProcess } from ${JSON.stringify(new URL('../../worker/task-process.ts', import.meta.url).href)};
      import { systemClock } from ${JSON.stringify(new URL('../../platform/clock.ts', import.meta.url).href)};
      const child = new TaskProcess({ memoryMb: 128, openFilesMax: 1_024, uid: null, xcomMaxBytes: 1024 }, systemClock);
      child.listen({ onMessage() {}, onOutput() {}, onOversizedMessage() {}, onGarbledMessage() {} });
      console.log(child.pid);
      setInterval(() => {}, 1000);`;
    const supervisor = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
    const pid = await new Promise<number>((resolve) => supervisor.stdout.once('data', (text: Buffer) => resolve(Number(text.toString()))));
    expect(isAlive(pid)).toBe(true);
    supervisor.kill('SIGKILL');
    await until(() => !isAlive(pid), { what: 'the task process is dead' });
  });
});
