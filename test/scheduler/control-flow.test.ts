/** Goal: stops, teardowns, gates, empty tasks and the past, through the real engine and Postgres. */
import { describe, expect, it } from 'vitest';
import { clearInstances } from '#platform/db/queries/api/move-instances.ts';
import { touchDagRuns } from '#platform/db/queries/api/touch-dag-runs.ts';
import { aDagSpec, aTask } from '#test/support/a-dag-spec.ts';
import { sweep } from '../../scheduler/engine/sweep.ts';
import {
  claim,
  database,
  deps,
  engine,
  finish,
  inbox,
  instances,
  runState,
  settle,
  sql,
  startRun,
  statesOf,
  trigger,
} from './engine-harness.ts';

const reasonOfRun = async (dagRunId: string) =>
  (await sql<{ reason: string | null }>('select reason from dag_run where dag_run_id = $1', [dagRunId]))[0]?.reason;
const eventsOf = (dagRunId: string, taskId: string) =>
  sql<{ event: string; reason: string | null }>(
    'select event, e.reason from task_instance_event e join task_instance using (task_instance_id) where dag_run_id = $1 and task_id = $2 order by event_id',
    [dagRunId, taskId],
  );

const setup = aTask('up', { isSetup: true });
const teardown = (...upstream: string[]) =>
  aTask('down', { isTeardown: true, triggerRule: 'all_done_setup_success', upstream: ['up', ...upstream] });

describe('failFast', () => {
  it('fails what runs, skips the rest and fails the run', async () => {
    const tasks = [
      aTask('bad'),
      aTask('long'),
      aTask('next', { upstream: ['long'] }),
      aTask('leaf', { upstream: ['bad'], triggerRule: 'all_success' }),
    ];
    const run = await startRun(aDagSpec('fast', tasks, { failFast: true }));
    await claim(run, 'long');
    await finish(run, 'bad', { event: 'fail', reason: 'boom' });
    expect(await statesOf(run)).toEqual({ bad: 'failed', long: 'failed', next: 'skipped', leaf: 'skipped' });
    expect([await runState(run), await reasonOfRun(run)]).toEqual(['failed', 'failFast: bad failed']);
    expect((await eventsOf(run, 'long')).at(-1)).toEqual({ event: 'give_up', reason: 'failFast: bad failed' });
    expect(await sql('select outcome from task_attempt where ended_at is not null and outcome = $1', ['killed'])).toHaveLength(1);
  });

  it('lets the teardowns of what was set up run first', async () => {
    const run = await startRun(
      aDagSpec('fast_teardown', [setup, aTask('bad', { upstream: ['up'] }), aTask('next', { upstream: ['bad'] }), teardown('next')], {
        failFast: true,
      }),
    );
    await finish(run, 'up');
    await finish(run, 'bad', { event: 'fail', reason: 'boom' });
    expect(await statesOf(run)).toEqual({ up: 'success', bad: 'failed', next: 'skipped', down: 'queued' });
    expect([await runState(run), await reasonOfRun(run)]).toEqual(['running', 'failFast: bad failed']);
    await finish(run, 'down');
    expect([await runState(run), await reasonOfRun(run)]).toEqual(['failed', 'failFast: bad failed']);
  });
});

describe('a run that failed fast', () => {
  it('runs again what a person cleared, though other failures of before are left', async () => {
    const run = await startRun(aDagSpec('fast_again', [aTask('bad'), aTask('long')], { failFast: true }));
    await claim(run, 'long');
    await finish(run, 'bad', { event: 'fail', reason: 'boom' });
    expect(await runState(run)).toBe('failed');
    const bad = (await instances(run)).find((row) => row.task_id === 'bad')?.task_instance_id as string;
    await database.db.transaction('clear', async (tx) => {
      await clearInstances(tx, [bad], 'user:ada');
      await touchDagRuns(tx, [run], true);
    });
    inbox.reloadRuns('fast_again');
    await settle();
    expect(await statesOf(run)).toEqual({ bad: 'queued', long: 'failed' });
    await finish(run, 'bad', { event: 'fail', reason: 'boom again' });
    expect([await runState(run), await statesOf(run)]).toEqual(['failed', { bad: 'failed', long: 'failed' }]);
  });
});

describe('dagrunTimeout', () => {
  it('skips what has not ended, also what runs, and fails the run', async () => {
    const run = await startRun(aDagSpec('late', [aTask('a'), aTask('b', { upstream: ['a'] })], { dagrunTimeoutMs: 60_000 }));
    await claim(run, 'a');
    engine.time.offsetMs = 120_000;
    await settle();
    expect(await statesOf(run)).toEqual({ a: 'skipped', b: 'skipped' });
    expect([await runState(run), await reasonOfRun(run)]).toEqual(['failed', 'the run took longer than its dagrunTimeout of 1 min']);
  });

  it('lets teardowns run, and fails the run though all its leaves were skipped', async () => {
    const run = await startRun(
      aDagSpec('late_teardown', [setup, aTask('a', { upstream: ['up'] }), teardown('a')], { dagrunTimeoutMs: 60_000 }),
    );
    await finish(run, 'up');
    engine.time.offsetMs = 120_000;
    await settle();
    await settle();
    expect(await statesOf(run)).toEqual({ up: 'success', a: 'skipped', down: 'queued' });
    await finish(run, 'down');
    expect(await runState(run)).toBe('failed');
  });

  it('does not tear down what was never set up', async () => {
    const run = await startRun(
      aDagSpec('late_setup', [setup, aTask('a', { upstream: ['up'] }), teardown('a')], { dagrunTimeoutMs: 60_000 }),
    );
    engine.time.offsetMs = 120_000;
    await settle();
    await settle();
    expect(await statesOf(run)).toEqual({ up: 'skipped', a: 'skipped', down: 'skipped' });
    expect(await runState(run)).toBe('failed');
  });
});

describe('a closed gate', () => {
  const spec = (dagId: string, ignoreDownstreamTriggerRules: boolean) =>
    aDagSpec(dagId, [
      aTask('gate', { kind: 'gate', ignoreDownstreamTriggerRules }),
      aTask('other'),
      aTask('near', { upstream: ['gate'] }),
      aTask('far', { upstream: ['near', 'other'], triggerRule: 'all_done' }),
    ]);

  it('skips everything downstream at once, whatever its rule', async () => {
    const run = await startRun(spec('closed', true));
    await finish(run, 'gate', { followed: [] });
    expect(await statesOf(run)).toEqual({ gate: 'success', other: 'queued', near: 'skipped', far: 'skipped' });
    expect((await instances(run)).find((row) => row.task_id === 'far')?.reason).toBe('gate gate is closed');
  });

  it('skips only what follows directly, if told so', async () => {
    const run = await startRun(spec('closed_near', false));
    await finish(run, 'gate', { followed: [] });
    expect(await statesOf(run)).toMatchObject({ near: 'skipped', far: 'none' });
    await finish(run, 'other');
    expect(await statesOf(run)).toMatchObject({ far: 'queued' });
  });

  it('keeps a cleared task skipped, also after the scheduler read the run again', async () => {
    const run = await startRun(spec('closed_cleared', true));
    await finish(run, 'gate', { followed: [] });
    await sql(`update task_instance set state = 'none' where dag_run_id = $1 and task_id = 'far'`, [run]);
    inbox.reloadRuns('closed_cleared');
    await settle();
    expect(await statesOf(run)).toMatchObject({ far: 'skipped' });
  });
});

describe('an empty task', () => {
  it('succeeds without a worker', async () => {
    const run = await startRun(aDagSpec('empty', [aTask('start', { kind: 'empty' }), aTask('a', { upstream: ['start'] })]));
    expect(await statesOf(run)).toEqual({ start: 'success', a: 'queued' });
    expect(await eventsOf(run, 'start')).toEqual([{ event: 'succeed_without_work', reason: null }]);
    expect(
      await sql('select 1 from task_instance where started_at is not null and ended_at is not null and dag_run_id = $1', [run]),
    ).toHaveLength(1);
  });

  it('alone makes a run that succeeds at once', async () => {
    expect(await runState(await startRun(aDagSpec('only_empty', [aTask('a', { kind: 'empty' })])))).toBe('success');
  });
});

describe('a map over params that hold no list', () => {
  it('fails with its run, once the rest has ended', async () => {
    const scopes = [{ scopeId: 'each', over: { from: 'params' as const, taskId: '', path: ['missing'] }, maxActive: null, tolerate: 0 }];
    const run = await startRun(aDagSpec('stuck', [aTask('a'), aTask('each', { mapScope: 'each' })], { mapScopes: scopes }));
    expect(await runState(run)).toBe('running');
    await finish(run, 'a');
    expect([await runState(run), await reasonOfRun(run)]).toEqual(['failed', 'failed: each']);
  });
});

describe('the past', () => {
  const second = async (dagId: string) => {
    const run = await trigger(dagId);
    inbox.reloadRuns(dagId);
    await settle();
    return run;
  };
  const reasonOf = async (run: string, taskId: string) => (await instances(run)).find((row) => row.task_id === taskId)?.reason;

  it.each([
    ['and rings', async (dagId: string) => inbox.runsMayHaveChanged(dagId)],
    ['though the doorbell was lost', () => sweep(deps, engine, inbox)],
  ])('a failure in the run before holds a task back until somebody marks it, %s', async (how, notice) => {
    const spec = aDagSpec(`past_failed_${how.length}`, [aTask('a', { dependsOnPast: true })]);
    const first = await startRun(spec);
    await finish(first, 'a', { event: 'fail', reason: 'boom' });
    const run = await second(spec.dagId);
    expect([await statesOf(run), await runState(run)]).toEqual([{ a: 'none' }, 'running']);
    await sql(`update task_instance set state = 'success' where dag_run_id = $1`, [first]);
    await notice(spec.dagId);
    await settle();
    expect(await statesOf(run)).toEqual({ a: 'queued' });
  });

  it('waitForDownstream asks for the direct downstream of the run before as well', async () => {
    const spec = aDagSpec('past_downstream', [aTask('a', { waitForDownstream: true }), aTask('b', { upstream: ['a'] })]);
    const first = await startRun(spec);
    await finish(first, 'a');
    const run = await second(spec.dagId);
    expect(await statesOf(run)).toEqual({ a: 'none', b: 'none' });
    expect(await reasonOf(run, 'a')).toMatch(/^waiting for b of the run before/);
    await finish(first, 'b');
    expect(await statesOf(run)).toMatchObject({ a: 'queued' });
  });

  it('a skip waits for it only if told so', async () => {
    const skipped = (taskId: string, change = {}) => aTask(taskId, { upstream: ['bad'], dependsOnPast: true, ...change });
    const spec = aDagSpec('past_skip', [aTask('bad'), skipped('soon'), skipped('later', { waitForPastDependsBeforeSkipping: true })]);
    const first = await startRun(spec);
    const run = await second(spec.dagId);
    await finish(run, 'bad', { event: 'skip', reason: 'nothing to do' });
    expect(await statesOf(run)).toEqual({ bad: 'skipped', soon: 'skipped', later: 'none' });
    expect(await reasonOf(run, 'later')).toMatch(/^waiting for later of the run before/);
    await finish(first, 'bad', { event: 'skip', reason: 'nothing to do' });
    expect(await statesOf(run)).toMatchObject({ later: 'skipped' });
  });

  it('a task that the run before did not have looks at the newest run that had it', async () => {
    const spec = aDagSpec('past_gap', [aTask('a', { dependsOnPast: true })]);
    const first = await startRun(spec);
    await finish(first, 'a', { event: 'fail', reason: 'boom' });
    const gap = await second(spec.dagId);
    await sql(`update task_instance set state = 'removed' where dag_run_id = $1`, [gap]);
    inbox.reloadRuns(spec.dagId);
    await settle();
    const run = await second(spec.dagId);
    expect(await statesOf(run)).toEqual({ a: 'none' });
    const [row] = await sql<{ run_id: string }>('select run_id from dag_run where dag_run_id = $1', [first]);
    expect(await reasonOf(run, 'a')).toContain(row?.run_id);
  });

  it('the first instance ever waits only with ignoreFirstDependsOnPast false', async () => {
    const spec = aDagSpec('past_new', [
      aTask('a', { dependsOnPast: true }),
      aTask('b', { dependsOnPast: true, ignoreFirstDependsOnPast: false }),
    ]);
    const first = await startRun(spec);
    expect(await statesOf(first)).toEqual({ a: 'queued', b: 'queued' });
    await sql(`delete from task_instance where dag_run_id = $1`, [first]);
    const run = await second(spec.dagId);
    expect(await statesOf(run)).toEqual({ a: 'queued', b: 'none' });
    expect(await reasonOf(run, 'b')).toContain('ignoreFirstDependsOnPast is false');
  });

  it('of a DAG that catches up is the last run that nobody triggered by hand', async () => {
    const spec = aDagSpec('past_catchup', [aTask('a', { dependsOnPast: true })], { catchup: true });
    const manual = await startRun(spec);
    const run = await second(spec.dagId);
    expect([await statesOf(manual), await statesOf(run)]).toEqual([{ a: 'queued' }, { a: 'queued' }]);
  });
});
