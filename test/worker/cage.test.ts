/** The cage around user code: another user, nothing left behind, nothing inherited. */
import { chmodSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '#platform/clock.ts';
import { canTraverse } from '#platform/embedded/unprivileged-user.ts';
import { INSTALLATION_FOLDER } from '#platform/installation.ts';
import { until } from '#test/support/until.ts';
import {
  attemptsOf,
  ended,
  instanceOf,
  logOf,
  openWorld,
  queueTask,
  resultOf,
  ring,
  type SavedDag,
  saveDag,
  type World,
} from './support.ts';

let world: World;
let dag: SavedDag;
const AS_ROOT = process.getuid?.() === 0;
const NOBODY = 65_534;
const REACHABLE = canTraverse(INSTALLATION_FOLDER, { uid: NOBODY, gid: NOBODY });

const SOURCE = `
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { dag } from 'windlass';
let runs = 0;
const tryTo = (work) => { try { return work() ?? 'done'; } catch (error) { return error.code; } };
export default dag('cage', {}, ({ task, map }) => {
  task('who', async (ctx) => {
    writeFileSync(ctx.scratch + '/mine', 'x');
    return {
      uid: process.getuid(), groups: process.getgroups(), pid: process.pid,
      parentEnvironment: tryTo(() => readFileSync('/proc/' + process.ppid + '/environ', 'utf8').length),
      killParent: tryTo(() => process.kill(process.ppid, 0)),
      noNewPrivileges: readFileSync('/proc/self/status', 'utf8').match(/NoNewPrivs:\\s+(\\d)/)[1],
      proto: ({}).__proto__ === undefined,
    };
  });
  task('again', async () => { process.env.LEFT = 'behind'; process.chdir('/'); console.log('run', runs + 1); return { runs: ++runs, pid: process.pid, left: null }; });
  task('look', async () => ({ left: process.env.LEFT ?? null, cwd: process.cwd(), pid: process.pid }));
  task('leaves_child', async () => { spawn('sleep', ['1000'], { stdio: 'ignore' }); return process.pid; });
  const list = task('list', async () => [{ n: 1 }, { n: 2 }, { n: 3 }]);
  const doubled = map('double', list, async (item, ctx) => item.n * 2, { label: (item) => 'n=' + item.n });
  task('sum', { doubled }, async ({ doubled }) => doubled.reduce((a, b) => a + b, 0));
});
`;

beforeAll(async () => {
  world = await openWorld({ workerSlots: 2 });
  dag = await saveDag(world.db, SOURCE);
});
afterAll(() => world.close());

async function run(taskId: string) {
  const task = await queueTask(world.db, dag, taskId);
  await ring(world.broker, task);
  const instance = await ended(world.db, task);
  expect(instance).toMatchObject({ state: 'success', reason: null });
  return { task, value: (await resultOf(world.db, task)) as Record<string, unknown> };
}

describe('a task process', () => {
  // A project that only root may enter (a clone in /root) cannot be run by another user: that is said at the start.
  it('refuses a user that cannot reach it', async ({ skip }) => {
    skip(!AS_ROOT, 'only root can give tasks another user');
    skip(REACHABLE, 'every user may enter the folder of this installation');
    await expect(world.worker({ taskUid: String(NOBODY) })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(/WINDLASS_TASK_UID is 65534, but that user may not enter the folders down to /),
    });
  });

  it('has a user of its own, which can reach neither the worker nor its environment', async ({ skip }) => {
    skip(!AS_ROOT, 'only root can give tasks another user');
    skip(!REACHABLE, 'only root may enter the folder of this installation');
    // Folders that tasks use must be reachable for their user; mkdtemp's are not.
    chmodSync(dirname(world.config.scratchFolder), 0o755);
    const worker = await world.worker({ taskUid: String(NOBODY) });
    const { value } = await run('who');
    expect(value).toMatchObject({ uid: NOBODY, parentEnvironment: 'EACCES', killParent: 'EPERM', noNewPrivileges: '1', proto: true });
    await worker.stop();
  });

  it('is used again by the next attempt, as the last one found it', async () => {
    await world.worker();
    const first = await run('again');
    const second = await run('again');
    const third = await run('look');
    expect([second.value['pid'], third.value['pid']]).toEqual([first.value['pid'], first.value['pid']]);
    expect(second.value['runs']).toBe(2);
    expect(third.value).toMatchObject({ left: null, cwd: process.cwd() });
    const said = (await logOf(world.config, second.task)).filter((line) => line.source === 'stdout').map((line) => line.event);
    expect(said).toEqual(['run 2']);
  });

  it('is not used again when a body left a process behind, and that is killed', async () => {
    const { value: pid } = await run('leaves_child');
    const { value } = await run('look');
    expect(value['pid']).not.toBe(pid);
  });
});

describe('mapped tasks', () => {
  it('get their element, and the task after them gets the list', async () => {
    const list = await queueTask(world.db, dag, 'list');
    await ring(world.broker, list);
    await ended(world.db, list);
    expect((await world.db.pool.query('select length from task_map where dag_run_id = $1', [list.dagRunId])).rows).toEqual([{ length: 3 }]);
    const ids = [newId(), newId(), newId(), newId()];
    for (const [index, id] of ids.entries())
      await world.db.pool.query(
        `insert into task_instance (task_instance_id, dag_run_id, task_id, map_index, state, try_number, operator, queue, pool, pool_slots, priority_weight, queued_at)
         values ($1, $2, $3, $4, $5, $6, 'task', 'default', 'default_pool', 1, 1, clock_timestamp())`,
        [id, list.dagRunId, index < 3 ? 'double' : 'sum', index < 3 ? index : -1, index < 3 ? 'queued' : 'none', index < 3 ? 1 : 0],
      );
    const double = ids.slice(0, 3).map((taskInstanceId) => ({ ...list, taskInstanceId, taskId: 'double' }));
    await ring(world.broker, ...double);
    for (const task of double) expect(await ended(world.db, task)).toMatchObject({ state: 'success' });
    const sum = { ...list, taskInstanceId: ids[3]!, taskId: 'sum' };
    await world.db.pool.query(`update task_instance set state = 'scheduled', try_number = 1 where task_instance_id = $1`, [
      sum.taskInstanceId,
    ]);
    await world.db.pool.query(`update task_instance set state = 'queued' where task_instance_id = $1`, [sum.taskInstanceId]);
    await ring(world.broker, sum);
    await ended(world.db, sum);
    expect(await resultOf(world.db, sum)).toBe(12);
    const labels = await world.db.pool.query(
      `select map_label from task_instance where dag_run_id = $1 and task_id = 'double' order by map_index`,
      [list.dagRunId],
    );
    expect(labels.rows.map((row) => row.map_label)).toEqual(['n=1', 'n=2', 'n=3']);
  });
});

describe('what cannot run anywhere', () => {
  it('fails with the reason when its code is gone', async () => {
    const task = await queueTask(world.db, dag, 'look');
    const version = newId();
    const hash = 'a'.repeat(64);
    await world.db.pool.query(`insert into dag_bundle (hash, code) values ($1, 'export default 1')`, [hash]);
    await world.db.pool.query(
      `insert into dag_version (version_id, dag_id, version_number, content_hash, bundle_hash, spec, source, file_path) values ($1, $2, 2, 'x', $3, $4, '', 'dag.ts')`,
      [version, dag.dagId, hash, JSON.stringify(dag.spec)],
    );
    await world.db.pool.query('update dag_run set version_id = $1 where dag_run_id = $2', [version, task.dagRunId]);
    await ring(world.broker, task);
    expect((await ended(world.db, task)).reason).toContain('does not match its hash');
  });
});

describe('a doorbell that is dead', () => {
  it('does not keep waiting instances from running', async () => {
    const { ConsumerWatchdog } = await import('../../worker/consumer-watchdog.ts');
    const { Intake } = await import('../../worker/intake.ts');
    const { systemClock } = await import('#platform/clock.ts');
    const { quietLogger } = await import('#platform/logger.ts');
    const offered: string[] = [];
    const intake = new Intake({
      broker: world.broker,
      clock: systemClock,
      logger: quietLogger(),
      queues: ['silent'],
      slots: 2,
      claim: async (delivery) => {
        offered.push(delivery.taskInstanceId);
        return null;
      },
      run: async () => {},
    });
    await intake.open();
    const task = await queueTask(world.db, dag, 'look');
    await world.db.pool.query(
      `update task_instance set queue = 'silent', queued_at = clock_timestamp() - interval '1 hour' where task_instance_id = $1`,
      [task.taskInstanceId],
    );
    const watchdog = new ConsumerWatchdog({ db: world.db, intake, queues: ['silent'], logger: quietLogger(), quietMs: 0 });
    await watchdog.runOnce();
    await until(() => offered.includes(task.taskInstanceId), { what: 'the waiting instance is offered' });
    expect(watchdog.rebuilds).toBe(1);
    await intake.close();
    expect((await instanceOf(world.db, task)).state).toBe('queued');
    expect(await attemptsOf(world.db, task)).toEqual([]);
  });
});
