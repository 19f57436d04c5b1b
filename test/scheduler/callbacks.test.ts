/** Goal: what the scheduler ends, loses or finds late requests its callbacks once, in the same statement. Method: the engine over real Postgres. */
import { expect, it } from 'vitest';
import { endWaits } from '#platform/waiting/end-waits.ts';
import { aDagSpec, aTask } from '#test/support/a-dag-spec.ts';
import { watchDeadlines } from '../../scheduler/engine/deadlines.ts';
import { rescueLostAttempts } from '../../scheduler/rescue-lost-attempts.ts';
import { defer } from '../triggerer/harness.ts';
import { claim, database, deps, engine, finish, inbox, instances, runState, settle, sql, startRun, trigger } from './engine-harness.ts';

const callbacks = { on_success: ['thanks'], on_failure: ['slack', 'tellTeam'] };

interface Requested {
  readonly kind: string;
  readonly name: string;
  readonly reason: string;
  readonly message: string | null;
  readonly task_instance_id: string | null;
}
const requested = (dagRunId: string) =>
  sql<Requested>(
    'select kind, name, reason, message, task_instance_id from callback_request where dag_run_id = $1 order by created_at, position',
    [dagRunId],
  );

it('a run that ends requests its callbacks, each once', async () => {
  const good = await startRun(aDagSpec('good', [aTask('a')], { callbacks }));
  await finish(good, 'a');
  expect(await runState(good)).toBe('success');
  expect(await requested(good)).toEqual([{ kind: 'on_success', name: 'thanks', reason: 'success', message: null, task_instance_id: null }]);
  const bad = await startRun(aDagSpec('bad', [aTask('a')], { callbacks }));
  await finish(bad, 'a', { event: 'fail', reason: 'it broke' });
  expect(await requested(bad)).toMatchObject([
    { kind: 'on_failure', name: 'slack', reason: 'task_failure', message: 'failed: a' },
    { kind: 'on_failure', name: 'tellTeam', reason: 'task_failure' },
  ]);
});

it('a run that times out says so', async () => {
  const run = await startRun(aDagSpec('late', [aTask('a')], { callbacks, dagrunTimeoutMs: 1 }));
  await sql(`update dag_run set started_at = started_at - interval '1 hour', revision = revision + 1 where dag_run_id = $1`, [run]);
  inbox.reloadRuns('late');
  await settle();
  expect(await runState(run)).toBe('failed');
  expect(await requested(run)).toMatchObject([
    { name: 'slack', reason: 'timed_out', message: expect.stringMatching(/dagrunTimeout/) },
    { name: 'tellTeam' },
  ]);
});

it('a lost worker leads to the callbacks of its task: retry, then failure', async () => {
  const task = aTask('a', { retries: 1, retryDelayMs: 0, callbacks: { on_retry: ['again'], on_failure: ['gone'] } });
  const run = await startRun(aDagSpec('lost', [task]));
  for (const kind of ['on_retry', 'on_failure']) {
    const claimed = await claim(run, 'a');
    await sql('update task_attempt set body_started_at = clock_timestamp() where attempt_id = $1', [claimed?.attemptId]);
    await sql(`update task_instance set lease_expires_at = clock_timestamp() - interval '1 minute' where dag_run_id = $1`, [run]);
    const rescued = await rescueLostAttempts(database.db, { shards: engine.shards, graceMs: 0, owner: 's', maxRetryDelayMs: 86_400_000 });
    expect(rescued).toMatchObject([{ hasCallbacks: true }]);
    expect((await requested(run)).at(-1)).toMatchObject({
      kind,
      message: expect.stringMatching(/was lost/),
      task_instance_id: rescued[0]?.id,
    });
    inbox.ended(rescued.map((lost) => lost.id));
    await settle();
  }
  expect(await requested(run)).toHaveLength(2);
});

it('a skip or failure by the trigger rule requests nothing', async () => {
  const own = { on_failure: ['x'], on_skipped: ['y'] };
  const run = await startRun(aDagSpec('rules', [aTask('a'), aTask('b', { upstream: ['a'], callbacks: own })]));
  await finish(run, 'a', { event: 'fail', reason: 'it broke' });
  expect((await instances(run)).map((row) => row.state)).toEqual(['failed', 'upstream_failed']);
  expect(await requested(run)).toEqual([]);
});

it('a wait that ends without a worker requests the callbacks of its task', async () => {
  const own = { on_success: ['thanks'], on_failure: ['gone'], on_skipped: ['passed'] };
  const run = await startRun(
    aDagSpec(
      'waits',
      ['a', 'b', 'c'].map((id) => aTask(id, { callbacks: own })),
    ),
  );
  for (const taskId of ['a', 'b', 'c']) await defer(run, taskId, { kind: 'answer', args: { subject: 'well?' } });
  const ends = [
    { end: 'succeed' },
    { end: 'fail', error: { name: 'Late', message: 'too late' }, retryable: true },
    { end: 'skip', reason: 'no' },
  ] as const;
  const waits = (await instances(run)).map((row, index) => ({
    taskInstanceId: row.task_instance_id,
    leaseEpoch: row.lease_epoch,
    end: ends[index] as (typeof ends)[number],
    softFail: false,
    bodyState: null,
    words: '',
  }));
  await endWaits(database.db, 'user:eva', waits);
  expect((await requested(run)).map(({ kind, name }) => `${kind} ${name}`).sort()).toEqual([
    'on_failure gone',
    'on_skipped passed',
    'on_success thanks',
  ]);
});

it('a run that fails fast requests the callbacks of what it stops, and its own', async () => {
  const own = { on_failure: ['gone'] };
  const spec = aDagSpec('fast', [aTask('a'), aTask('b', { callbacks: own })], { failFast: true, callbacks });
  const run = await startRun(spec);
  await claim(run, 'b');
  inbox.ended((await instances(run)).map((row) => row.task_instance_id));
  await finish(run, 'a', { event: 'fail', reason: 'it broke' });
  expect(await runState(run)).toBe('failed');
  expect((await requested(run)).map(({ name, reason }) => `${name} ${reason}`).sort()).toEqual([
    'gone task_failure',
    'slack task_failure',
    'tellTeam task_failure',
  ]);
});

const due = (dagRunId: string) =>
  sql<{ slot: number; name: string; due_at: Date; missed_at: Date | null; met_at: Date | null }>(
    'select * from deadline where dag_run_id = $1 order by slot',
    [dagRunId],
  );

it('a run gets the rows of its deadlines when it is created, from each kind of reference', async () => {
  const spec = aDagSpec('deadlines', [aTask('a')], {
    deadlines: [
      { name: 'queued', reference: { kind: 'queued_at' }, withinMs: 60_000, callbacks: ['slack'] },
      { name: 'fixed', reference: { kind: 'fixed', at: '2099-01-01T00:00:00Z' }, withinMs: -1_000, callbacks: [] },
      { name: 'logical', reference: { kind: 'logical_date' }, withinMs: 0, callbacks: [] },
      { name: 'average', reference: { kind: 'average_runtime', maxRuns: 5, minRuns: 1 }, withinMs: 0, callbacks: [] },
    ],
  });
  const first = await startRun(spec);
  // No run has ended yet: nothing to take the average of.
  expect((await due(first)).map((row) => row.name)).toEqual(['queued', 'fixed', 'logical']);
  expect((await due(first))[1]?.due_at.toISOString()).toBe('2098-12-31T23:59:59.000Z');
  await finish(first, 'a');
  await sql(`update dag_run set started_at = ended_at - interval '90 seconds' where dag_run_id = $1`, [first]);
  const second = await trigger('deadlines');
  const [queued, , , average] = await due(second);
  expect((average?.due_at.getTime() ?? 0) - (queued?.due_at.getTime() ?? 0)).toBe(30_000);
});

it('a missed deadline requests its callbacks once; one of a run that ended in time is met', async () => {
  const deadlines = [{ name: 'soon', reference: { kind: 'queued_at' as const }, withinMs: 3_600_000, callbacks: ['slack', 'page'] }];
  const late = await startRun(aDagSpec('late_run', [aTask('a')], { deadlines }));
  const fast = await startRun(aDagSpec('fast_run', [aTask('a')], { deadlines }));
  await finish(fast, 'a');
  await watchDeadlines(deps, engine.shards);
  expect(await due(late)).toMatchObject([{ missed_at: null, met_at: null }]);
  await sql(`update deadline set due_at = clock_timestamp() where dag_run_id = any($1)`, [[late, fast]]);
  await sql(`update dag_run set ended_at = ended_at - interval '1 minute' where dag_run_id = $1`, [fast]);
  await Promise.all([watchDeadlines(deps, engine.shards), watchDeadlines(deps, engine.shards)]);
  expect(await due(late)).toMatchObject([{ missed_at: expect.any(Date), met_at: null }]);
  expect(await due(fast)).toMatchObject([{ missed_at: null, met_at: expect.any(Date) }]);
  expect(await requested(late)).toMatchObject([
    { kind: 'on_deadline', name: 'slack', reason: 'deadline_missed', message: expect.stringMatching(/\(soon\)/) },
    { kind: 'on_deadline', name: 'page' },
  ]);
  expect(await requested(fast)).toEqual([]);
});

it('the loop sleeps until the next deadline, not longer', async () => {
  const deadlines = [{ name: 'soon', reference: { kind: 'queued_at' as const }, withinMs: 400, callbacks: [] }];
  await startRun(aDagSpec('precise', [aTask('a')], { deadlines }));
  expect(await watchDeadlines(deps, engine.shards)).toBeLessThanOrEqual(400);
});
