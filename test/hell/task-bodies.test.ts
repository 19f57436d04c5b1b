/**
 * Goal: whatever a body does, its author reads why it ended, the tasks beside it and after it are what they should be, and
 * its worker stays small, heard of and whole. Method: one real worker process that is given all of it at once.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { logPath } from '#platform/logs/log-path.ts';
import { until } from '#test/support/until.ts';
import {
  type InstanceRow,
  instanceOf,
  isAlive,
  logOf,
  openWorld,
  type QueuedTask,
  queueAgain,
  queueTask,
  ring,
  type SavedDag,
  saveDag,
  type World,
} from '../worker/support.ts';
import { spawnWorkerProcess, type WorkerProcess } from '../worker/worker-child.ts';
import { HELL, type HellBody } from './bodies.ts';

const SLOTS = 4;
const PINGS = 40;
const folder = mkdtempSync(join(tmpdir(), 'windlass-hell-'));

const SOURCE = `
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { dag } from 'windlass';
const FOLDER = ${JSON.stringify(folder)};
export default dag('hell', {}, ({ task }) => {
${HELL.map(({ name, body, options }) => `  task('${name}', async (ctx) => { ${body} }, ${options ?? '{}'});`).join('\n')}
  // What these find is what the body before them left.
  task('ping', async (ctx) => {
    await new Promise((resolve) => setTimeout(resolve, 50));
    return { evil: ({}).evil ?? null, map: [1, 2].map((n) => n + 1), json: JSON.stringify({ a: 1 }), signals: process.listenerCount('SIGTERM') };
  });
  task('meets', async (ctx) => {
    writeFileSync(FOLDER + '/met-' + ctx.run.id, '');
    while (readdirSync(FOLDER).filter((name) => name.startsWith('met-')).length < ${SLOTS}) await new Promise((resolve) => setTimeout(resolve, 20));
  });
  task('leaves_a_bomb', async () => { setTimeout(() => { throw new Error('left behind'); }, 30); });
  task('logs_to_a_full_disk', async (ctx) => { for (let i = 0; i < 1000; i++) console.log('x'.repeat(10_000)); ctx.log.info('said'); return 'done'; });
  task('leaves_an_orphan', async () => Number((await import('node:child_process')).execSync('sleep 1000 >/dev/null 2>&1 & echo $!').toString()));
  task('closes_its_errors', async () => { (await import('node:fs')).closeSync(2); return 1; });
  task('takes_all_files', async () => { const { openSync } = await import('node:fs'); try { for (;;) openSync('/dev/null'); } catch { return 1; } });
  task('spawns', async () => (await import('node:child_process')).execSync('echo spawned').toString());
  task('leaves_files', async () => { writeFileSync((await import('node:os')).tmpdir() + '/left', 'x'.repeat(1e6)); return (await import('node:os')).tmpdir(); });
});
`;

let world: World;
let dag: SavedDag;
let worker: WorkerProcess;
const tasks = new Map<string, QueuedTask>();
let pings: readonly QueuedTask[] = [];
let oldestHeartbeatMs = 0;

beforeAll(async () => {
  world = await openWorld();
  dag = await saveDag(world.db, SOURCE);
  worker = await spawnWorkerProcess(world, {
    WINDLASS_CONN_WAREHOUSE: 'postgres://me:tall-ship-42@db.example:5432/dw',
    WINDLASS_WORKER_SLOTS: String(SLOTS),
    WINDLASS_TASK_MEMORY_MB: '96',
    WINDLASS_TASK_PROCESSES_MAX: '100',
    WINDLASS_TASK_LOG_MAX_MB: '1',
    WINDLASS_TASK_KILL_GRACE_MS: '300',
    // Long, for busy machines: nobody is here to rescue what lost its lease.
    WINDLASS_LEASE_TTL_MS: '30000',
    WINDLASS_LEASE_RENEW_MS: '300',
    WINDLASS_SERVICE_HEARTBEAT_MS: '300',
  });
  for (const { name } of HELL) tasks.set(name, await queueTask(world.db, dag, name));
  pings = await Promise.all(Array.from({ length: PINGS }, () => queueTask(world.db, dag, 'ping')));
  const all = [...tasks.values()].flatMap((task, index) => [task, ...(pings[index] ? [pings[index]] : [])]);
  await ring(world.broker, ...all);
  await until(
    async () => {
      await queueAgain(world, all);
      // What was handed back meanwhile is scheduled, and not over either.
      const open = `select count(*)::int as n from task_instance where state in ('scheduled', 'queued', 'running')`;
      const { rows } = await world.db.pool.query(open);
      const beat = await world.db.pool.query(
        `select extract(epoch from clock_timestamp() - last_heartbeat_at) * 1000 as ms from service where service_id = $1`,
        [worker.workerId],
      );
      oldestHeartbeatMs = Math.max(oldestHeartbeatMs, Number(beat.rows[0]?.ms));
      return rows[0]?.n === 0;
    },
    { what: 'all of hell has ended', deadlineMs: 150_000, pollMs: 100 },
  );
}, 240_000);
afterAll(async () => {
  worker?.child.kill('SIGKILL');
  await world.close();
});

async function run(taskId: string): Promise<{ task: QueuedTask; instance: InstanceRow }> {
  const task = await queueTask(world.db, dag, taskId);
  await ring(world.broker, task);
  return { task, instance: await settled(task) };
}
async function settled(task: QueuedTask): Promise<InstanceRow> {
  return until(
    async () => {
      await queueAgain(world, [task]);
      const row = await instanceOf(world.db, task);
      return !['scheduled', 'queued', 'running'].includes(row.state) && row;
    },
    { what: `${task.taskId} ends`, deadlineMs: 30_000 },
  );
}

it.each(HELL.map((row) => [row.name, row] as const))(
  'a body that %s ends as it should',
  async (name, { state, reason, says }: HellBody) => {
    const task = tasks.get(name) as QueuedTask;
    const row = await instanceOf(world.db, task);
    expect(['success', 'failed']).toContain(row.state);
    if (state === null) return;
    expect([row.state, row.reason]).toEqual([state, reason === null ? null : expect.stringMatching(reason)]);
    if (says) expect((await logOf(world.config, task)).some((line) => says.test(line.event))).toBe(true);
  },
);

describe('after all of it', () => {
  it('the bodies beside were not touched, and found the process as it was made', async () => {
    for (const ping of pings) expect(await instanceOf(world.db, ping)).toMatchObject({ state: 'success', reason: null, lease_epoch: 1 });
    const { rows } = await world.db.pool.query(
      `select distinct value from xcom x join task_instance t using (task_instance_id) where t.task_id = 'ping'`,
    );
    expect(rows).toEqual([{ value: { evil: null, map: [2, 3], json: '{"a":1}', signals: 1 } }]);
  });

  it('every slot is free again: as many bodies meet as there are slots', async () => {
    const meeting = await Promise.all(Array.from({ length: SLOTS }, () => queueTask(world.db, dag, 'meets')));
    await ring(world.broker, ...meeting);
    // They wait for one another: one that was handed back must not wait for the end of another.
    for (const instance of await Promise.all(meeting.map(settled))) expect(instance).toMatchObject({ state: 'success', reason: null });
  });

  it('the worker is the same process, heard of on time, and small', async () => {
    expect(worker.child.exitCode).toBeNull();
    expect(oldestHeartbeatMs).toBeLessThan(15_000);
    const peakKb = Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${worker.child.pid}/status`, 'utf8'))?.[1]);
    expect(peakKb / 1024).toBeLessThan(900);
  });

  it('nothing that was started lives on', async () => {
    const pids = readFileSync(join(folder, 'pids'), 'utf8').trim().split('\n').map(Number);
    expect(pids).toHaveLength(2);
    await until(() => pids.every((pid) => !isAlive(pid)), { what: 'the daemons are gone' });
  });

  it('a body that closed a descriptor takes none of those that follow with it', async () => {
    for (let round = 0; round < 3; round++) {
      expect((await run('closes_its_errors')).instance).toMatchObject({ state: 'success' });
      expect((await run('spawns')).instance).toMatchObject({ state: 'success', reason: null });
    }
  });

  it('a body that left all descriptors open takes none of those that follow with it', async () => {
    for (let round = 0; round < 3; round++) {
      expect((await run('takes_all_files')).instance).toMatchObject({ state: 'success' });
      expect((await run('spawns')).instance).toMatchObject({ state: 'success', reason: null });
    }
  });

  it('an orphan of a body goes with the body, though its process lives on', async () => {
    const { task, instance } = await run('leaves_an_orphan');
    expect(instance).toMatchObject({ state: 'success', reason: null });
    const { rows } = await world.db.pool.query('select value from xcom where task_instance_id = $1', [task.taskInstanceId]);
    await until(() => !isAlive(Number(rows[0]?.value)), { what: 'the orphan is gone' });
  });

  it('what a body left running harms none of those that follow', async () => {
    const all = [];
    for (let round = 0; round < 3; round++) {
      expect((await run('leaves_a_bomb')).instance).toMatchObject({ state: 'success' });
      all.push(await run('ping'));
    }
    expect(all.map(({ instance }) => [instance.state, instance.reason])).toEqual(all.map(() => ['success', null]));
  });

  it('a full disk under a log costs the log alone', async () => {
    const task = await queueTask(world.db, dag, 'logs_to_a_full_disk');
    const path = logPath(world.config.logsFolder, {
      dagId: task.dagId,
      runId: task.runId,
      taskId: task.taskId,
      mapIndex: -1,
      tryNumber: 1,
    });
    mkdirSync(dirname(path), { recursive: true });
    symlinkSync('/dev/full', path);
    await ring(world.broker, task, await queueTask(world.db, dag, 'ping'));
    expect(await settled(task)).toMatchObject({ state: 'success', reason: null });
  });

  it('what a body left in its temp folder goes with its process', async () => {
    const { task } = await run('leaves_files');
    const { rows } = await world.db.pool.query('select value from xcom where task_instance_id = $1', [task.taskInstanceId]);
    const left = join(String(rows[0]?.value), 'left');
    expect(dirname(left)).not.toBe(tmpdir());
    worker.child.kill('SIGTERM');
    await until(() => worker.child.exitCode !== null, { what: 'the worker has stopped', deadlineMs: 20_000 });
    expect(existsSync(left)).toBe(false);
  });
});
