/** Goal: the engine takes runs through their states in Postgres, with the history beside them. */
import { describe, expect, it } from 'vitest';
import { aDagSpec, aTask } from '#test/support/a-dag-spec.ts';
import { engine, finish, inbox, instances, runState, saveDag, settle, sql, startRun, statesOf, trigger, wall } from './engine-harness.ts';

describe('the engine', () => {
  it('takes a chain from none to success, each state with its event', async () => {
    const run = await startRun(aDagSpec('chain', [aTask('a'), aTask('b', { upstream: ['a'] })]));
    expect(await statesOf(run)).toEqual({ a: 'queued', b: 'none' });
    await finish(run, 'a');
    expect(await statesOf(run)).toEqual({ a: 'success', b: 'queued' });
    await finish(run, 'b');
    expect(await runState(run)).toBe('success');
    const events = await sql<{ task_id: string; event: string; from_state: string; to_state: string }>(
      'select task_id, event, from_state, to_state from task_instance_event join task_instance using (task_instance_id) where dag_run_id = $1 order by event_id',
      [run],
    );
    expect(events.filter((event) => event.task_id === 'a').map((event) => `${event.event} ${event.from_state}>${event.to_state}`)).toEqual([
      'schedule none>scheduled',
      'enqueue scheduled>queued',
      'start queued>running',
      'succeed running>success',
    ]);
  });

  it('fails what follows a failure, says why, and fails the run', async () => {
    const run = await startRun(
      aDagSpec('broken', [
        aTask('a'),
        aTask('b', { upstream: ['a'] }),
        aTask('c', { upstream: ['b'] }),
        aTask('clean', { upstream: ['b'], triggerRule: 'all_done' }),
      ]),
    );
    await finish(run, 'a', { event: 'fail', reason: 'boom' });
    expect(await statesOf(run)).toEqual({ a: 'failed', b: 'upstream_failed', c: 'upstream_failed', clean: 'queued' });
    expect((await instances(run)).find((row) => row.task_id === 'b')?.reason).toBe('upstream a failed (trigger rule all_success)');
    await finish(run, 'clean');
    expect(await runState(run)).toBe('failed');
  });

  it('skips the cases a branch did not choose and joins after the one it chose', async () => {
    const spec = aDagSpec('branching', [
      aTask('route', { kind: 'branch', branchCases: { big: ['bulk'], small: ['fast'] } }),
      aTask('bulk', { upstream: ['route'] }),
      aTask('fast', { upstream: ['route'] }),
      aTask('join', { upstream: ['bulk', 'fast'], triggerRule: 'none_failed_min_one_success' }),
    ]);
    const run = await startRun(spec);
    await finish(run, 'route', { followed: ['fast'] });
    expect(await statesOf(run)).toEqual({ route: 'success', bulk: 'skipped', fast: 'queued', join: 'none' });
    await finish(run, 'fast');
    expect(await statesOf(run)).toMatchObject({ join: 'queued' });
  });

  it('makes one instance per element of a mapped list, and waits for all of them', async () => {
    const spec = aDagSpec(
      'mapping',
      [
        aTask('list'),
        aTask('each', { mapScope: 'each', upstream: ['list'], reads: ['list'] }),
        aTask('sum', { upstream: ['each'], reads: ['each'] }),
      ],
      {
        mapScopes: [{ scopeId: 'each', over: { from: 'task', taskId: 'list', path: [] }, maxActive: null, tolerate: 0 }],
      },
    );
    const run = await startRun(spec);
    await finish(run, 'list', { valueJson: '["x","y","z"]', mapLengths: { each: 3 } });
    expect(await statesOf(run)).toEqual({ list: 'success', 'each[0]': 'queued', 'each[1]': 'queued', 'each[2]': 'queued', sum: 'none' });
    for (const index of [2, 0, 1]) await finish(run, 'each', {}, index);
    expect(await statesOf(run)).toMatchObject({ sum: 'queued' });
  });

  it('skips a mapped task whose list is empty', async () => {
    const spec = aDagSpec('mapping_nothing', [aTask('list'), aTask('each', { mapScope: 'each', upstream: ['list'] })], {
      mapScopes: [{ scopeId: 'each', over: { from: 'task', taskId: 'list', path: [] }, maxActive: null, tolerate: 0 }],
    });
    const run = await startRun(spec);
    await finish(run, 'list', { mapLengths: { each: 0 } });
    expect(await statesOf(run)).toEqual({ list: 'success', each: 'skipped' });
    expect(await runState(run)).toBe('success');
  });

  it('queues a second try when its time has come, not before', async () => {
    const run = await startRun(aDagSpec('retrying', [aTask('a', { retries: 1 })]));
    await finish(run, 'a', { event: 'retry', reason: 'boom', nextTryInMs: 3_600_000 });
    expect(await statesOf(run)).toEqual({ a: 'up_for_retry' });
    engine.time.offsetMs = 3_700_000;
    await settle();
    expect((await instances(run))[0]).toMatchObject({ state: 'queued', try_number: 2 });
  });

  it('tries nothing sooner or later because the wall clock of its machine is set', async () => {
    const run = await startRun(aDagSpec('clocked', [aTask('a', { retries: 2 })]));
    await finish(run, 'a', { event: 'retry', reason: 'boom', nextTryInMs: 3_600_000 });
    wall.offMs = 7_200_000;
    await settle();
    expect(await statesOf(run)).toEqual({ a: 'up_for_retry' });
    wall.offMs = -7_200_000;
    engine.time.offsetMs = 3_700_000;
    await settle();
    expect((await instances(run))[0]).toMatchObject({ state: 'queued', try_number: 2 });
  });

  it('never queues more than a pool has slots, and says so', async () => {
    await sql(`insert into pool (name, slots) values ('tiny', 2) on conflict do nothing`);
    const run = await startRun(
      aDagSpec(
        'pooled',
        ['a', 'b', 'c', 'd'].map((id) => aTask(id, { pool: 'tiny' })),
      ),
    );
    const rows = await instances(run);
    expect(rows.filter((row) => row.state === 'queued')).toHaveLength(2);
    expect(rows.filter((row) => row.state === 'scheduled').map((row) => row.reason)).toEqual(
      Array(2).fill('pool tiny is full: 2 of 2 slots are taken (pooled 2)'),
    );
    await finish(run, rows.find((row) => row.state === 'queued')?.task_id as string);
    expect((await instances(run)).filter((row) => row.state === 'queued')).toHaveLength(2);
  });

  it('starts no more runs than maxActiveRuns, oldest first', async () => {
    const spec = aDagSpec('one_at_a_time', [aTask('a')], { maxActiveRuns: 1 });
    const first = await startRun(spec);
    const second = await trigger(spec.dagId);
    inbox.reloadRuns(spec.dagId);
    await settle();
    expect([await runState(first), await runState(second)]).toEqual(['running', 'queued']);
    await finish(first, 'a');
    expect([await runState(first), await runState(second)]).toEqual(['success', 'running']);
  });

  it('leaves the runs of a paused DAG queued', async () => {
    const spec = aDagSpec('paused', [aTask('a')]);
    await saveDag(spec);
    await sql(`update dag set is_paused = true where dag_id = 'paused'`);
    const run = await trigger('paused');
    inbox.reloadDag('paused');
    inbox.reloadRuns('paused');
    await settle();
    expect(await runState(run)).toBe('queued');
  });

  it('lets a task wait for its own instance of the run before, and says so', async () => {
    const spec = aDagSpec('past', [aTask('a', { dependsOnPast: true })]);
    const first = await startRun(spec);
    const second = await trigger(spec.dagId);
    inbox.reloadRuns(spec.dagId);
    await settle();
    expect([await statesOf(first), await statesOf(second)]).toEqual([{ a: 'queued' }, { a: 'none' }]);
    expect((await instances(second))[0]?.reason).toMatch(/^waiting for a of the run before, manual__.*dependsOnPast/);
    await finish(first, 'a');
    expect(await statesOf(second)).toEqual({ a: 'queued' });
  });
});
