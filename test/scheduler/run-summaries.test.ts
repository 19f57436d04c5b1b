// Goal: a scheduler sums up the runs that have ended, each once, and comes back for those that were changed after their end.
// Method: runs of the real engine, whose ends are moved into the past, and a clock that the test moves.
import { beforeEach, expect, it } from 'vitest';
import { aDagSpec, aTask } from '#test/support/a-dag-spec.ts';
import { ManualClock } from '#test/support/manual-clock.ts';
import { RunSummaries } from '../../scheduler/run-summaries.ts';
import { database, finish, sql, startRun } from './engine-harness.ts';

interface Summary {
  readonly run: string;
  readonly success: number;
  readonly failed: number;
  readonly unstarted: number;
  readonly fits: boolean;
}

let clock: ManualClock;
let summaries: RunSummaries;
let dagRunId: string;

beforeEach(async () => {
  clock = new ManualClock();
  summaries = new RunSummaries(database.db, clock);
  dagRunId = await startRun(aDagSpec('one', [aTask('a'), aTask('b')]));
  await startRun(aDagSpec('open', [aTask('a')]));
  await finish(dagRunId, 'a', { valueJson: '1', bytes: 1 });
  await finish(dagRunId, 'b', { event: 'fail', reason: 'boom' });
  await sql(`update dag_run set ended_at = ended_at - interval '1 minute' where ended_at is not null`);
});

const pass = async () => {
  while ((await summaries.runOnce()) !== undefined);
};
const all = () =>
  sql<Summary>(
    `select r.dag_id as run, s.success, s.failed, s.unstarted, (s.ended_at, s.revision) = (r.ended_at, r.revision) as fits
       from dag_run_summary s join dag_run r using (dag_run_id) order by 1`,
  );

it('sums up what has ended, and nothing that goes on', async () => {
  await pass();
  expect(await all()).toEqual([{ run: 'one', success: 1, failed: 1, unstarted: 0, fits: true }]);
});

it('leaves a run alone that has ended just now', async () => {
  await sql('update dag_run set ended_at = clock_timestamp() where dag_run_id = $1', [dagRunId]);
  await pass();
  expect(await all()).toEqual([]);
});

it('does not fit a run that was changed after its end, until the pass an hour later', async () => {
  await pass();
  await sql('update dag_run set revision = revision + 1 where dag_run_id = $1', [dagRunId]);
  await pass();
  expect(await all()).toMatchObject([{ fits: false }]);
  clock.advance(3_600_001);
  await pass();
  expect(await all()).toMatchObject([{ fits: true }]);
});

it('goes with its run', async () => {
  await pass();
  await sql('delete from dag_run where dag_run_id = $1', [dagRunId]);
  expect(await sql('select from dag_run_summary')).toEqual([]);
});

it('leaves nothing behind when a run goes: no event, attempt or result of its instances', async () => {
  const hanging = () =>
    sql<{ what: string; n: number }>(
      `select 'event' as what, count(*)::int as n from task_instance_event e where not exists (select from task_instance t where t.task_instance_id = e.task_instance_id)
        union all select 'attempt', count(*)::int from task_attempt a where not exists (select from task_instance t where t.task_instance_id = a.task_instance_id)
        union all select 'result', count(*)::int from xcom x where not exists (select from task_instance t where t.task_instance_id = x.task_instance_id)`,
    );
  expect((await sql('select from xcom')).length).toBeGreaterThan(0);
  await sql('delete from dag_run where dag_run_id = $1', [dagRunId]);
  expect(await hanging()).toEqual(['event', 'attempt', 'result'].map((what) => ({ what, n: 0 })));
});
