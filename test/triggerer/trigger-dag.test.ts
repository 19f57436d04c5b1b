/** Goal: a task that triggers another DAG does so once, can wait for it, and gets its output. Method: a whole Windlass over DAG files. */
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { openWhole, type Whole } from './whole.ts';

vi.setConfig({ testTimeout: 90_000, hookTimeout: 120_000 });

const FILE = `
import { dag } from 'windlass';
import { z } from 'zod';

export const child = dag('child', { params: z.object({ n: z.number(), fails: z.boolean().default(false) }) }, ({ params, task, map }) => {
  const list = task('list', { params }, ({ params }) => {
    if (params.fails) throw new Error('told to fail');
    return [params.n, params.n + 1];
  });
  const doubled = map('double', list, (one) => one * 2);
  return { doubled, first: list.at(0), on: new Date(0) };
});

export const parent = dag('parent', {}, ({ task, trigger }) => {
  const seven = task('seven', () => 7);
  const got = trigger('start', child, { params: { n: seven }, wait: true });
  task('use', { got }, ({ got }) => [...got.doubled, got.first, got.on.getTime()]);
});

export const forgets = dag('forgets', {}, ({ trigger }) => {
  trigger('start', 'child', { params: { n: 1 }, note: 'by {{ dag.dag_id }}', runId: 'mine__{{ run_id[-6:] }}' });
});
export const again = dag('again', {}, ({ trigger }) => {
  trigger('fails', 'child', { params: { n: 1 }, runId: 'taken' });
  trigger('skips', 'child', { params: { n: 1 }, runId: 'taken', skipWhenAlreadyExists: true });
  trigger('resets', 'child', { params: { n: 5 }, runId: 'taken', resetDagRun: true, wait: true, after: [] });
  trigger('wrong', 'child', { params: { n: 'x' } });
});
export const retries = dag('retries', {}, ({ trigger }) => {
  trigger('start', child, { params: { n: 1, fails: true }, wait: true, retries: 1, retryDelay: 0 });
});
`;

let whole: Whole;
beforeAll(async () => {
  whole = await openWhole({ 'dags.ts': FILE }, ['child', 'parent', 'forgets', 'again', 'retries']);
  await whole.triggerer();
});
afterAll(() => whole.close());

const runsOf = (dagRunId: string) =>
  whole.sql<{ run_id: string; state: string; conf: object; note: string | null; triggered_by: string }>(
    `select c.* from dag_run c join task_instance ti on ti.task_instance_id = c.triggering_instance_id where ti.dag_run_id = $1 order by c.dag_run_id`,
    [dagRunId],
  );

it('waits for the run without a worker, and returns what that DAG returned', async () => {
  const run = await whole.start('parent');
  await whole.ends(run, 'success');
  expect(await whole.result(run, 'use')).toEqual([14, 16, 7, 0]);
  const attempts = await whole.sql(
    `select outcome from task_attempt a join task_instance ti using (task_instance_id) where dag_run_id = $1 and task_id = 'start' order by a.lease_epoch`,
    [run],
  );
  expect(attempts).toEqual([{ outcome: 'deferred' }, { outcome: 'success' }]);
  expect(await runsOf(run)).toMatchObject([{ state: 'success', conf: { n: 7 }, triggered_by: 'operator' }]);
});

it('goes on at once when it does not wait; ids and notes may be templates', async () => {
  const run = await whole.start('forgets');
  await whole.ends(run, 'success');
  expect(await whole.result(run, 'start')).toMatchObject({ dagId: 'child', runId: expect.stringMatching(/^mine__.{6}$/) });
  expect(await runsOf(run)).toMatchObject([{ note: 'by forgets' }]);
});

it('fails, skips or resets when the run exists, and refuses wrong params', async () => {
  await whole.sql(`insert into dag_run (dag_run_id, dag_id, run_id, run_type, state, version_id, shard, run_after, triggered_by, started_at, ended_at)
    select new_id(), 'child', 'taken', 'manual', 'failed', version_id, shard, now(), 'test', now(), now() from dag where dag_id = 'child'`);
  const run = await whole.start('again');
  await whole.ends(run, 'failed');
  const reasons = await whole.sql<{ task_id: string; state: string; reason: string | null }>(
    'select task_id, state, reason from task_instance where dag_run_id = $1 order by task_id',
    [run],
  );
  expect(reasons).toMatchObject([
    { task_id: 'fails', state: 'failed', reason: expect.stringContaining('child has the run taken already') },
    { task_id: 'resets', state: 'success' },
    { task_id: 'skips', state: 'skipped', reason: 'child has the run taken already' },
    { task_id: 'wrong', state: 'failed', reason: expect.stringContaining('n: must be number') },
  ]);
});

it('triggers a run anew for each try, and once for each', async () => {
  const run = await whole.start('retries');
  await whole.ends(run, 'failed');
  const runs = await runsOf(run);
  expect(runs.map((one) => one.state)).toEqual(['failed', 'failed']);
  expect(runs.map((one) => one.run_id.slice(-2))).toEqual(['.1', '.2']);
});
