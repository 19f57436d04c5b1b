/**
 * Goal: for each kind of waiting the scheduler records why, in words, and the words change when the matter does. Method:
 * the engine over real Postgres; the recorded columns are read, and the sentences a person gets are made from them.
 */
import { describe, expect, it } from 'vitest';
import type { DagSpec } from '#core/dag-spec.ts';
import { whyWaiting } from '#core/why.ts';
import { saveService } from '#platform/db/queries/save-service.ts';
import { readWaitingFacts } from '#platform/db/queries/ui/read-waiting-facts.ts';
import { aDagSpec, aTask } from '#test/support/a-dag-spec.ts';
import { until } from '#test/support/until.ts';
import { sweep } from '../../scheduler/engine/sweep.ts';
import { database, deps, engine, finish, inbox, instances, saveDag, settle, sql, startRun, trigger } from './engine-harness.ts';

/** What is recorded, once it is. */
async function recorded(dagRunId: string, taskId: string, expected: string | RegExp): Promise<void> {
  await until(
    async () => {
      await engine.runOnce();
      const reason = (await instances(dagRunId)).find((row) => row.task_id === taskId)?.reason ?? '';
      return typeof expected === 'string' ? reason === expected : expected.test(reason);
    },
    { what: `${taskId}: ${expected}`, pollMs: 20 },
  );
}

const runReason = async (dagRunId: string) =>
  (await sql<{ reason: string | null }>('select reason from dag_run where dag_run_id = $1', [dagRunId]))[0]?.reason;

const sentences = async (dagRunId: string, taskId: string) =>
  (await readWaitingFacts(database.db, { dagRunId, taskId, limit: 1 })).flatMap(whyWaiting);

async function anotherRun(spec: DagSpec): Promise<string> {
  const run = await trigger(spec.dagId);
  inbox.reloadRuns(spec.dagId);
  await settle();
  return run;
}

async function aWorker(change: Partial<Parameters<typeof saveService>[1]>): Promise<void> {
  const process = { serviceId: 'w1', kind: 'worker' as const, hostname: 'h', pid: 1, version: '0', state: 'running' };
  await saveService(database.db, { ...process, queues: ['gpu'], slots: 4, running: 0, ...change });
}

describe('a task that waits', () => {
  it('names the upstream tasks that are missing, fewer as they end, and none once it runs', async () => {
    const run = await startRun(
      aDagSpec('joins', [aTask('extract'), aTask('clean'), aTask('load'), aTask('report', { upstream: ['extract', 'clean', 'load'] })]),
    );
    await recorded(run, 'report', 'waiting for 3 of 3 upstream tasks: extract, clean, load');
    await finish(run, 'load');
    await recorded(run, 'report', 'waiting for 2 of 3 upstream tasks: extract, clean');
    await finish(run, 'extract');
    await finish(run, 'clean');
    expect((await instances(run)).find((row) => row.task_id === 'report')).toMatchObject({ state: 'queued', reason: null });
  });

  it('says so before anything is recorded, too, and names its rule', async () => {
    const run = await startRun(aDagSpec('quick', [aTask('a'), aTask('b', { upstream: ['a'], triggerRule: 'all_done' })]));
    expect((await sentences(run, 'b'))[0]).toBe('Waiting for 1 of 1 upstream task: a.');
    await recorded(run, 'b', 'waiting for 1 of 1 upstream task: a (trigger rule all_done)');
  });

  it('names the limit of its run, and what uses it up', async () => {
    const run = await startRun(aDagSpec('narrow_run', [aTask('a'), aTask('b')], { maxActiveTasks: 1 }));
    await recorded(run, 'b', 'maxActiveTasks reached: 1 of 1 tasks of this run are queued or running: a');
    await finish(run, 'a');
    expect((await instances(run)).find((row) => row.task_id === 'b')).toMatchObject({ state: 'queued', reason: null });
  });

  it('names the limit of its task over all runs', async () => {
    const spec = aDagSpec('one_at_a_time', [aTask('a', { maxActiveTisPerDag: 1 })]);
    await startRun(spec);
    const second = await anotherRun(spec);
    await recorded(second, 'a', 'maxActiveTisPerDag reached: 1 of 1 instances of a are queued or running in the runs of this DAG');
  });

  it('names parallelism', async () => {
    const tasks = Array.from({ length: deps.config.parallelism + 1 }, (_, number) => aTask(`t${number}`, { pool: 'wide' }));
    await sql(`insert into pool (name, slots) values ('wide', -1)`);
    const run = await startRun(aDagSpec('wide', tasks, { maxActiveTasks: 1_000 }));
    const waiting = (await instances(run)).filter((row) => row.state === 'scheduled');
    const max = deps.config.parallelism;
    expect(waiting.map((row) => row.reason)).toEqual([
      `parallelism reached: ${max} of ${max} tasks of this scheduler are queued or running (WINDLASS_PARALLELISM)`,
    ]);
    await sql(`delete from pool where name = 'wide'`);
  });

  it('says that its DAG is paused when a task that is ready is held back by that', async () => {
    const run = await startRun(aDagSpec('stops', [aTask('a'), aTask('b', { upstream: ['a'] })]));
    await sql(`update dag set is_paused = true where dag_id = 'stops'`);
    inbox.reloadDag('stops');
    await settle();
    await finish(run, 'a');
    await recorded(run, 'b', 'the DAG is paused: unpause it and the task is queued');
    await sql(`update dag set is_paused = false where dag_id = 'stops'`);
    inbox.reloadDag('stops');
    await settle();
    expect((await instances(run)).find((row) => row.task_id === 'b')?.state).toBe('queued');
  });

  it('for a worker says that none listens, or that all are busy, and no longer once one is free', async () => {
    const run = await startRun(aDagSpec('needs_gpu', [aTask('train', { queue: 'gpu' })]));
    const told = async (expected: string | RegExp) => {
      await until(
        async () => {
          await sweep(deps, engine, inbox);
          await engine.runOnce();
          return String((await instances(run))[0]?.reason).match(expected);
        },
        { what: String(expected), pollMs: 50 },
      );
    };
    await told(/^no worker listens on the queue gpu: start one with WINDLASS_WORKER_QUEUES=gpu/);
    await aWorker({ running: 4 });
    await aWorker({ serviceId: 'w2', slots: 12, running: 12 });
    await told('all 2 workers on the queue gpu are busy: 16 of 16 slots are taken');
    await aWorker({ running: 0 });
    await told(/^null$/);
    expect((await sentences(run, 'train'))[0]).toBe('In the queue gpu: a worker takes it next.');
    await sql('delete from service');
  });

  it('for its next try says which, and when', async () => {
    const run = await startRun(aDagSpec('retries', [aTask('a', { retries: 3 })]));
    await finish(run, 'a', { event: 'retry', reason: 'boom', nextTryInMs: 240_000 });
    const [first, second] = await sentences(run, 'a');
    expect(first).toBe('Boom.');
    expect(second).toMatch(/^Try 2 of \d+ starts at \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC, in (4 min|3 min)/);
  });
});

describe('a run that waits', () => {
  it('says for which limit', async () => {
    const spec = aDagSpec('single', [aTask('a')], { maxActiveRuns: 1 });
    await startRun(spec);
    const second = await anotherRun(spec);
    expect(await runReason(second)).toBe('maxActiveRuns reached: 1 of 1 runs of this DAG are active');
    expect((await sentences(second, 'a'))[0]).toBe('maxActiveRuns reached: 1 of 1 runs of this DAG are active.');
  });

  it('says that its DAG is paused, and nothing once it has started', async () => {
    const spec = aDagSpec('asleep', [aTask('a')]);
    await saveDag(spec);
    await sql(`update dag set is_paused = true where dag_id = 'asleep'`);
    const run = await trigger('asleep');
    inbox.reloadDag('asleep');
    inbox.reloadRuns('asleep');
    await settle();
    expect(await runReason(run)).toBe('the DAG is paused: unpause it and this run starts');
    await sql(`update dag set is_paused = false where dag_id = 'asleep'`);
    inbox.reloadDag('asleep');
    await settle();
    expect(await runReason(run)).toBeNull();
  });

  it('says from when it may start', async () => {
    const spec = aDagSpec('later', [aTask('a')]);
    await saveDag(spec);
    const run = await trigger('later');
    await sql(`update dag_run set run_after = '2999-01-01T06:00:00Z' where dag_run_id = $1`, [run]);
    inbox.reloadDag('later');
    inbox.reloadRuns('later');
    await settle();
    expect(await runReason(run)).toBe('the run is not due before 2999-01-01 06:00:00 UTC');
  });
});
