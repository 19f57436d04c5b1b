/** Goal: clearing a task clears the tasks of other DAGs that its markers name, and says so before it does. */
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { aSpec, aTask, endInstance, saveDag } from './dag-fixtures.ts';
import { type Harness, startHarness } from './harness.ts';

let web: Harness;
let parent = '';
let child = '';
let count = 0;
const DAY = '2026-03-01T00:00:00Z';

beforeAll(async () => {
  web = await startHarness();
});
afterAll(() => web.stop());
beforeEach(async () => {
  count += 1;
  parent = `parent${count}`;
  child = `child${count}`;
  await saveDag(web.db, aSpec(parent, { tasks: [aTask('first'), aTask('tell', { upstream: ['first'], externalTaskMarkers: MARKERS() })] }));
  const back = [{ dagId: parent, taskId: 'tell' }];
  await saveDag(
    web.db,
    aSpec(child, {
      tasks: [aTask('before'), aTask('wait', { upstream: ['before'] }), aTask('use', { upstream: ['wait'], externalTaskMarkers: back })],
    }),
  );
  for (const [dagId, taskIds] of [
    [parent, ['first', 'tell']],
    [child, ['before', 'wait', 'use']],
  ] as const)
    for (const [runId, date] of [
      ['today', DAY],
      ['tomorrow', '2026-03-02T00:00:00Z'],
    ] as const) {
      const answer = await web.request('POST', `/api/v2/dags/${dagId}/dagRuns`, { body: { logical_date: date, dag_run_id: runId } });
      expect(answer.status).toBe(200);
      for (const taskId of taskIds) await endInstance(web.db, { dagId, runId, taskId }, 'success');
      await web.db.pool.query(`update dag_run set state = 'success', ended_at = now() where dag_id = $1 and run_id = $2`, [dagId, runId]);
    }
});
const MARKERS = () => [
  { dagId: child, taskId: 'wait' },
  { dagId: 'no_such_dag', taskId: 'x' },
  { dagId: child, taskId: 'no_such_task' },
];

const clear = (body: object) =>
  web.request('POST', `/api/v2/dags/${parent}/clearTaskInstances`, { body: { dag_run_id: 'today', only_failed: false, ...body } });
const names = (answer: Awaited<ReturnType<typeof clear>>) =>
  answer.json.task_instances
    .map((ti: { dag_id: string; dag_run_id: string; task_id: string }) => `${ti.dag_id}/${ti.dag_run_id}/${ti.task_id}`)
    .sort();
const states = async (dagId: string, runId: string) => {
  const answer = await web.request('GET', `/api/v2/dags/${dagId}/dagRuns/${runId}/taskInstances?limit=100`);
  return Object.fromEntries(answer.json.task_instances.map((ti: { task_id: string; state: string }) => [ti.task_id, ti.state]));
};
const stateOfRun = async (dagId: string, runId: string) => (await web.request('GET', `/api/v2/dags/${dagId}/dagRuns/${runId}`)).json.state;
const DONE = { before: 'success', wait: 'success', use: 'success' };

it('lists the tasks of the other DAG in the dry run, and clears them with what follows them, in the run of the same date', async () => {
  const wanted = [`${child}/today/use`, `${child}/today/wait`, `${parent}/today/tell`];
  expect(names(await clear({ task_ids: ['tell'] }))).toEqual(wanted);
  expect(await states(child, 'today')).toEqual(DONE);
  expect(names(await clear({ task_ids: ['tell'], dry_run: false }))).toEqual(wanted);
  expect(await states(child, 'today')).toEqual({ before: 'success', wait: null, use: null });
  expect(await states(parent, 'today')).toEqual({ first: 'success', tell: null });
  expect([await stateOfRun(child, 'today'), await stateOfRun(parent, 'today')]).toEqual(['queued', 'queued']);
  expect(await states(child, 'tomorrow')).toEqual(DONE);
  expect(await stateOfRun(child, 'tomorrow')).toBe('success');
});

it('follows a marker only when its task is cleared', async () => {
  expect(names(await clear({ task_ids: ['first'] }))).toEqual([`${parent}/today/first`]);
  expect(names(await clear({ task_ids: ['first'], include_downstream: true }))).toContain(`${child}/today/wait`);
});

it('asks the other DAG for the same states', async () => {
  for (const [dagId, taskId] of [
    [parent, 'tell'],
    [child, 'use'],
  ] as const) {
    const url = `/api/v2/dags/${dagId}/dagRuns/today/taskInstances/${taskId}`;
    expect((await web.request('PATCH', url, { body: { new_state: 'failed' } })).status).toBe(200);
  }
  expect(names(await clear({ only_failed: true }))).toEqual([`${child}/today/use`, `${parent}/today/tell`]);
});

it('follows the markers of a whole run that is cleared', async () => {
  const answer = await web.request('POST', `/api/v2/dags/${parent}/dagRuns/today/clear`, { body: { dry_run: false } });
  expect(answer.json).toMatchObject({ dag_id: parent, state: 'queued' });
  expect(await states(child, 'today')).toEqual({ before: 'success', wait: null, use: null });
});
