/** Goal: a run for a date outside of a task's startDate and endDate goes on without the task. */
import { expect, it } from 'vitest';
import { aDagSpec, aTask } from '#test/support/a-dag-spec.ts';
import { finish, inbox, instances, runState, saveDag, settle, sql, statesOf, trigger } from './engine-harness.ts';

it.each([
  ['2026-01-01', 'removed', "the run is for a date before the task's startDate, 2026-02-01T00:00:00Z"],
  ['2026-02-15', 'queued', null],
  ['2026-03-02', 'removed', "the run is for a date after the task's endDate, 2026-03-01T00:00:00Z"],
])('%s: %s', async (date, state, reason) => {
  const window = { startDate: '2026-02-01T00:00:00Z', endDate: '2026-03-01T00:00:00Z' };
  await saveDag(aDagSpec('seasonal', [aTask('extra', window), aTask('load', { upstream: ['extra'] })]));
  const run = await trigger('seasonal');
  await sql('update dag_run set logical_date = $2 where dag_run_id = $1', [run, date]);
  inbox.reloadDag('seasonal');
  inbox.reloadRuns('seasonal');
  await settle();
  expect((await instances(run)).find((row) => row.task_id === 'extra')).toMatchObject({ state, reason });
  if (state === 'queued') await finish(run, 'extra');
  expect((await statesOf(run))['load'], 'what follows does not miss it').toBe('queued');
  await finish(run, 'load');
  expect(await runState(run)).toBe('success');
});
