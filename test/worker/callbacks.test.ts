/**
 * Goal: callbacks of tasks and runs are called by workers, durably, beside the tasks. Method: real workers over rows
 * that finishing attempts and a played scheduler write; a worker process that is killed between end state and callback.
 */
import { appendFileSync, existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { callbackLogPath } from '#platform/logs/log-path.ts';
import { readLog } from '#platform/logs/log-reader.ts';
import { until } from '#test/support/until.ts';
import type { RunningWorker } from '../../worker/main.ts';
import { ended, isAlive, openWorld, type QueuedTask, queueTask, ring, type SavedDag, saveDag, type World } from './support.ts';
import { startWorkerProcess } from './worker-child.ts';

let world: World;
let dag: SavedDag;
const folder = mkdtempSync(join(tmpdir(), 'windlass-callbacks-'));
const said = (name: string) => (existsSync(join(folder, name)) ? readFileSync(join(folder, name), 'utf8').trim().split('\n') : []);

const SOURCE = `
import { appendFileSync, existsSync } from 'node:fs';
import { dag } from 'windlass';
const say = (name, text) => appendFileSync('${folder}/' + name, text + '\\n');
export default dag('calls', {
  onFailureCallback: (event) => say('run', event.reason + ': ' + event.message),
  deadline: { within: '1m', callback: (event) => say('deadline', event.deadline.name) },
}, ({ task }) => {
  task('good', async () => 1, { onSuccessCallback: (event) => { event.ctx.log.info('called'); say('good', event.task.id + ' ' + event.reason + ' ' + event.ctx.idempotencyKey + ' ' + process.pid); } });
  task('bad', async () => { throw new Error('it broke'); }, { onFailureCallback: [(event) => say('bad', event.error.message), (event) => say('bad2', event.url)] });
  task('again', async () => { throw new Error('not yet'); }, { retries: 1, onRetryCallback: () => say('again', 'retry'), onFailureCallback: () => say('again', 'failure') });
  task('skips', async () => { const { Skip } = await import('windlass'); throw new Skip('nothing to do'); }, { onSkippedCallback: (event) => say('skips', event.message) });
  task('flaky', async () => 1, { onSuccessCallback: () => { say('flaky', 'x'); throw new Error('no network'); } });
  task('hopeless', async () => 1, { onSuccessCallback: async () => { const { Fatal } = await import('windlass'); throw new Fatal('no such channel'); } });
  task('hangs', async () => 1, { onSuccessCallback: async (event) => { say('hangs', String(process.pid)); if (!existsSync('${folder}/go')) await new Promise(() => setInterval(() => {}, 1000)); say('hung', event.ctx.idempotencyKey); } });
});
`;

beforeAll(async () => {
  world = await openWorld();
  dag = await saveDag(world.db, SOURCE);
});
afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.stop()));
});
afterAll(() => world.close());

const workers: RunningWorker[] = [];
async function startWorker(): Promise<void> {
  workers.push(await world.worker());
}

interface Row {
  readonly callback_id: string;
  readonly state: string;
  readonly tries: number;
  readonly kind: string;
  readonly failure: { readonly message: string } | null;
  readonly next_try_at: Date;
}

async function callbacksOf(task: QueuedTask): Promise<readonly Row[]> {
  return (await world.db.pool.query<Row>('select * from callback_request where dag_run_id = $1 order by position', [task.dagRunId])).rows;
}

async function run(taskId: string): Promise<QueuedTask> {
  const task = await queueTask(world.db, dag, taskId);
  await ring(world.broker, task);
  await ended(world.db, task);
  return task;
}

const settled = (task: QueuedTask, state: string) =>
  until(
    async () => {
      const rows = await callbacksOf(task);
      return rows.length > 0 && rows.every((row) => row.state === state) && rows;
    },
    { what: `the callbacks of ${task.taskId} are ${state}`, deadlineMs: 20_000 },
  );

it('calls what follows from each end, with a log of its own', { timeout: 60_000 }, async () => {
  await startWorker();
  const good = await run('good');
  const [row] = await settled(good, 'success');
  expect(said('good')[0]).toMatch(`good success ${row?.callback_id}`);
  const path = callbackLogPath(world.config.logsFolder, { ...good, callbackId: row!.callback_id });
  expect((await readLog(path, 0, 1_000_000)).lines.map((line) => line.event)).toEqual(expect.arrayContaining(['called', 'done']));

  const bad = await run('bad');
  expect(await settled(bad, 'success')).toHaveLength(2);
  expect(said('bad')).toEqual(['it broke']);
  expect(said('bad2')[0]).toContain(`/dags/calls/runs/${encodeURIComponent(bad.runId)}/tasks/bad`);

  await settled(await run('again'), 'success');
  expect(said('again')).toEqual(['retry']);
  await settled(await run('skips'), 'success');
  expect(said('skips')).toEqual(['nothing to do']);
});

it('a call that fails waits and is made again; one that says it is hopeless is given up, with the reason', {
  timeout: 60_000,
}, async () => {
  await startWorker();
  const flaky = await run('flaky');
  const [waiting] = await until(async () => (await callbacksOf(flaky))[0]?.failure != null && callbacksOf(flaky), {
    what: 'the first try fails',
  });
  expect(waiting).toMatchObject({ state: 'pending', tries: 1, failure: { message: 'no network' } });
  await world.db.pool.query('update callback_request set tries = 4, next_try_at = clock_timestamp() where callback_id = $1', [
    waiting?.callback_id,
  ]);
  expect((await settled(flaky, 'failed'))[0]).toMatchObject({ tries: 5, failure: { message: 'no network' } });
  expect(said('flaky')).toHaveLength(2);

  const hopeless = await run('hopeless');
  expect((await settled(hopeless, 'failed'))[0]).toMatchObject({ tries: 1, failure: { message: 'no such channel' } });
});

it('a call of a run is told about the run, one of a deadline about the deadline', { timeout: 60_000 }, async () => {
  await startWorker();
  const task = await run('good');
  await settled(task, 'success');
  await world.db.pool.query(
    `insert into callback_request (dag_run_id, kind, position, name, reason, message) values ($1, 'on_failure', 0, 'function', 'timed_out', 'too long')`,
    [task.dagRunId],
  );
  await world.db.pool.query(
    `with d as (insert into deadline (dag_run_id, slot, name, due_at, callbacks) values ($1, 0, 'in a minute', clock_timestamp(), '{}') returning deadline_id)
     insert into callback_request (dag_run_id, deadline_id, kind, position, name, reason) select $1, deadline_id, 'on_deadline', 0, 'function', 'deadline_missed' from d`,
    [task.dagRunId],
  );
  world.broker.ring('callbacks_requested', {});
  await until(() => said('run').length > 0 && said('deadline').length > 0, { what: 'both are called', deadlineMs: 20_000 });
  expect(said('run')).toEqual(['timed_out: too long']);
  expect(said('deadline')).toEqual(['in a minute']);
});

it('a worker killed between the end state and its callback loses nothing: another makes the call', { timeout: 90_000 }, async () => {
  const victim = await startWorkerProcess(world);
  const task = await queueTask(world.db, dag, 'hangs');
  await ring(world.broker, task);
  await until(() => said('hangs').length > 0, { what: 'the callback runs', deadlineMs: 30_000 });
  const pid = Number(said('hangs')[0]);
  expect(await ended(world.db, task)).toMatchObject({ state: 'success' });
  const [before] = await callbacksOf(task);
  expect(before).toMatchObject({ state: 'running', tries: 1 });
  victim.child.kill('SIGKILL');
  await until(() => !isAlive(pid), { what: 'the call dies with its worker' });
  appendFileSync(join(folder, 'go'), '');
  await startWorkerProcess(world);
  const [after] = await settled(task, 'success');
  expect(after).toMatchObject({ tries: 2 });
  // The same key as the first time.
  expect(said('hung')).toEqual([before?.callback_id]);
});
