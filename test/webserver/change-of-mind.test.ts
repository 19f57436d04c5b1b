/** Goal: people change their minds about many things at once, on the newest version, and about the past itself. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { aSpec, aTask, endInstance, instanceId, saveDag, startInstance } from './dag-fixtures.ts';
import { type Harness, startHarness } from './harness.ts';

let web: Harness;
let dagId = '';
let count = 0;

beforeAll(async () => {
  web = await startHarness();
});
afterAll(() => web.stop());
beforeEach(async () => {
  dagId = `etl${++count}`;
  await saveDag(web.db, aSpec(dagId));
});
afterEach(() => web.db.pool.query('delete from parse_request'));

const SETUP = [
  aTask('make', { isSetup: true }),
  aTask('work', { upstream: ['make'], groupId: 'inner' }),
  aTask('drop', { isTeardown: true, upstream: ['make', 'work'] }),
];
const GROUPS = [{ groupId: 'inner', parentId: null, docMd: null, collapsed: false }];

async function trigger(runId: string): Promise<string> {
  const answer = await web.request('POST', `/api/v2/dags/${dagId}/dagRuns`, { body: { logical_date: null, dag_run_id: runId } });
  expect(answer.status).toBe(200);
  return runId;
}
const end = (runId: string, state = 'failed') =>
  web.db.pool.query('update dag_run set state = $3, started_at = now(), ended_at = now() where dag_id = $1 and run_id = $2', [
    dagId,
    runId,
    state,
  ]);
const states = async (runId: string) => {
  const answer = await web.request('GET', `/api/v2/dags/${dagId}/dagRuns/${runId}/taskInstances?limit=100`);
  return Object.fromEntries(answer.json.task_instances.map((ti: { task_id: string; state: string }) => [ti.task_id, ti.state]));
};
const run = async (runId: string) => (await web.request('GET', `/api/v2/dags/${dagId}/dagRuns/${runId}`)).json;
const names = (answer: { json: { task_instances: readonly { task_id: string; dag_run_id: string }[] } }) =>
  answer.json.task_instances.map((ti) => `${ti.dag_run_id}/${ti.task_id}`).sort();

describe('clearing on the newest version', () => {
  const newest = () =>
    saveDag(
      web.db,
      aSpec(dagId, { tasks: [aTask('extract'), aTask('load', { upstream: ['extract'] }), aTask('report', { upstream: ['load'] })] }),
    );

  it('lists exactly what it would clear, and changes nothing before it is asked to', async () => {
    await trigger('r1');
    await end('r1');
    await newest();
    const body = { run_on_latest_version: true };
    const dry = await web.request('POST', `/api/v2/dags/${dagId}/dagRuns/r1/clear`, { body });
    expect(names(dry)).toEqual(['r1/extract', 'r1/load', 'r1/report']);
    expect(await states('r1')).toEqual({ extract: null, transform: null, load: null });
    expect((await run('r1')).dag_versions[0].version_number).toBe(1);
    const real = await web.request('POST', `/api/v2/dags/${dagId}/dagRuns/r1/clear`, { body: { ...body, dry_run: false, note: 'again' } });
    expect(real.json).toMatchObject({ state: 'queued', dag_versions: [{ version_number: 2 }] });
    expect(await states('r1')).toEqual({ extract: null, transform: 'removed', load: null, report: null });
  });

  it('brings a removed task back when it returns', async () => {
    await trigger('r1');
    await end('r1');
    await newest();
    const again = { body: { run_on_latest_version: true, dry_run: false } };
    await web.request('POST', `/api/v2/dags/${dagId}/dagRuns/r1/clear`, again);
    await saveDag(web.db, aSpec(dagId));
    await web.request('POST', `/api/v2/dags/${dagId}/dagRuns/r1/clear`, again);
    expect(await states('r1')).toEqual({ extract: null, transform: null, load: null, report: 'removed' });
  });

  it('with only_new runs what the version adds, and keeps the results of the rest', async () => {
    await trigger('r1');
    for (const taskId of ['extract', 'transform', 'load']) await endInstance(web.db, { dagId, runId: 'r1', taskId }, 'success');
    await end('r1', 'success');
    await newest();
    const answer = await web.request('POST', `/api/v2/dags/${dagId}/dagRuns/r1/clear`, { body: { only_new: true, dry_run: false } });
    expect(answer.json.state).toBe('queued');
    expect(await states('r1')).toEqual({ extract: 'success', transform: 'removed', load: 'success', report: null });
  });
});

describe('many at once', () => {
  it('clears several runs, listing them first', async () => {
    for (const runId of ['r1', 'r2', 'r3']) {
      await trigger(runId);
      await endInstance(web.db, { dagId, runId, taskId: 'extract' }, runId === 'r2' ? 'success' : 'failed');
      await end(runId);
    }
    const body = { dag_run_ids: ['r1', 'r2', 'r3'], only_failed: true };
    expect(names(await web.request('POST', `/api/v2/dags/${dagId}/clearDagRuns`, { body }))).toEqual(['r1/extract', 'r3/extract']);
    await web.request('POST', `/api/v2/dags/${dagId}/clearDagRuns`, { body: { ...body, dry_run: false } });
    expect(await Promise.all(['r1', 'r2', 'r3'].map(async (runId) => (await states(runId)).extract))).toEqual([null, 'success', null]);
  });

  it('marks, notes and deletes runs, and says which it could not', async () => {
    for (const runId of ['r1', 'r2', 'r3']) await trigger(runId);
    await end('r3');
    const actions = [
      {
        action: 'update',
        entities: [
          { dag_run_id: 'r1', state: 'failed', note: 'bad day' },
          { dag_run_id: 'r2', state: 'success' },
        ],
      },
      { action: 'delete', entities: ['r3', 'nope'], action_on_non_existence: 'skip' },
    ];
    const answer = await web.request('PATCH', `/api/v2/dags/${dagId}/dagRuns`, { body: { actions } });
    expect(answer.json).toMatchObject({ update: { success: ['r1', 'r2'] }, delete: { success: ['r3'], errors: [] } });
    expect([await run('r1'), await run('r2'), (await web.request('GET', `/api/v2/dags/${dagId}/dagRuns/r3`)).status]).toMatchObject([
      { state: 'failed', note: 'bad day' },
      { state: 'success' },
      404,
    ]);
  });

  it('marks task instances of several runs, and refuses to delete one of a run that goes on', async () => {
    for (const runId of ['r1', 'r2']) await trigger(runId);
    await end('r2');
    const entities = ['r1', 'r2'].map((dag_run_id) => ({ dag_run_id, task_id: 'extract', new_state: 'skipped', note: 'not needed' }));
    const url = `/api/v2/dags/${dagId}/dagRuns/~/taskInstances`;
    const answer = await web.request('PATCH', url, { body: { actions: [{ action: 'update', entities }] } });
    expect(answer.json.update.success).toEqual([`${dagId}.r1.extract[-1]`, `${dagId}.r2.extract[-1]`]);
    expect([(await states('r1')).extract, (await states('r2')).extract]).toEqual(['skipped', 'skipped']);
    const { rows } = await web.db.pool.query(
      'select task_instance.note, task_instance.note_user, task_instance.note_at is not null as dated from task_instance join dag_run r using (dag_run_id) where r.dag_id = $1 and task_instance.note is not null limit 1',
      [dagId],
    );
    expect(rows).toEqual([{ note: 'not needed', note_user: 'admin', dated: true }]);
    const gone = ['r1', 'r2'].map((dag_run_id) => ({ dag_run_id, task_id: 'load' }));
    const deleted = await web.request('PATCH', url, { body: { actions: [{ action: 'delete', entities: gone }] } });
    expect(deleted.json.delete).toMatchObject({
      success: [`${dagId}.r2.load[-1]`],
      errors: [{ status_code: 409, error: expect.stringContaining('has not ended') }],
    });
    expect(Object.keys(await states('r2')).sort()).toEqual(['extract', 'transform']);
  });
});

describe('marking', () => {
  beforeEach(() => saveDag(web.db, aSpec(dagId, { tasks: SETUP, groups: GROUPS })));

  it('takes a task group for all of its tasks', async () => {
    await trigger('r1');
    const answer = await web.request('PATCH', `/api/v2/dags/${dagId}/dagRuns/r1/taskInstances/inner`, { body: { new_state: 'success' } });
    expect(names(answer)).toEqual(['r1/work']);
    expect(await states('r1')).toEqual({ make: null, work: 'success', drop: null });
  });

  it('as failed spares the teardowns of a run, which fails after them', async () => {
    await trigger('r1');
    await startInstance(web.db, await instanceId(web.db, { dagId, runId: 'r1', taskId: 'work' }));
    await web.request('PATCH', `/api/v2/dags/${dagId}/dagRuns/r1`, { body: { state: 'failed' } });
    expect(await states('r1')).toEqual({ make: 'skipped', work: 'failed', drop: null });
    const { rows } = await web.db.pool.query('select state, stop_reason from dag_run where dag_id = $1', [dagId]);
    expect(rows).toEqual([{ state: 'queued', stop_reason: 'marked failed by admin' }]);
  });
});

describe('deleting', () => {
  it('forgets a DAG with its runs, and asks for its file to be parsed', async () => {
    await trigger('r1');
    expect((await web.request('DELETE', `/api/v2/dags/${dagId}`, { role: 'user' })).status).toBe(403);
    await web.db.pool.query("update dag_run set state = 'running', started_at = now() where dag_id = $1", [dagId]);
    expect((await web.request('DELETE', `/api/v2/dags/${dagId}`)).status).toBe(409);
    await end('r1');
    expect((await web.request('DELETE', `/api/v2/dags/${dagId}`)).status).toBe(204);
    expect((await web.request('GET', `/api/v2/dags/${dagId}`)).status).toBe(404);
    const { rows } = await web.db.pool.query('select bundle_name, file_path from parse_request');
    expect(rows).toEqual([{ bundle_name: 'dags-folder', file_path: `${dagId}.ts` }]);
  });

  it('forgets one task instance of a run that has ended', async () => {
    await trigger('r1');
    const url = `/api/v2/dags/${dagId}/dagRuns/r1/taskInstances/load`;
    expect((await web.request('DELETE', url)).status).toBe(409);
    await end('r1');
    expect((await web.request('DELETE', url)).status).toBe(204);
    expect((await web.request('DELETE', url)).status).toBe(404);
  });
});

describe('versions', () => {
  it('say what changed between two of them', async () => {
    await saveDag(web.db, aSpec(dagId, { description: 'new', tasks: [aTask('extract', { retries: 3 })] }));
    const answer = await web.request('GET', `/api/v2/dags/${dagId}/dagVersions/2/diff`);
    expect(answer.json).toMatchObject({ before: { version_number: 1 }, after: { version_number: 2 }, has_new_code: false });
    expect(answer.json.changes.map((change: { text: string }) => change.text)).toEqual([
      'description null -> "new"',
      'task transform removed',
      'task load removed',
      'task extract: retries 0 -> 3',
    ]);
    expect((await web.request('GET', `/api/v2/dags/${dagId}/dagVersions/9/diff`)).status).toBe(404);
  });

  it('a DAG that comes out differently each time is a warning', async () => {
    await web.db.pool.query("insert into dag_warning (dag_id, warning_type, message) values ($1, 'unstable dag', 'task t1 removed')", [
      dagId,
    ]);
    const answer = await web.request('GET', `/api/v2/dagWarnings?dag_id=${dagId}&warning_type=unstable%20dag`);
    expect(answer.json).toMatchObject({ total_entries: 1, dag_warnings: [{ dag_id: dagId, message: 'task t1 removed' }] });
  });

  it('a file is parsed at once for whoever holds the token of its DAG', async () => {
    const { file_token: token } = (await web.request('GET', `/api/v2/dags/${dagId}`)).json;
    expect((await web.request('PUT', `/api/v2/parseDagFile/${token}`)).status).toBe(201);
    expect((await web.request('PUT', `/api/v2/parseDagFile/${token}x`)).status).toBe(404);
    const { rows } = await web.db.pool.query('select file_path from parse_request');
    expect(rows).toEqual([{ file_path: `${dagId}.ts` }]);
  });
});
