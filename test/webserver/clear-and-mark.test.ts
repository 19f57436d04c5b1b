/** Clearing and marking: what is chosen, what becomes of it, and that a running attempt is fenced off. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { renewLeases } from '#platform/db/queries/renew-leases.ts';
import { aSpec, aTask, endInstance, instanceId, saveDag, startInstance } from './dag-fixtures.ts';
import { type Harness, startHarness } from './harness.ts';

let web: Harness;
let runId = '';
let count = 0;

beforeAll(async () => {
  web = await startHarness();
  await saveDag(
    web.db,
    aSpec('etl', {
      tasks: [aTask('extract', { retries: 2 }), aTask('transform', { upstream: ['extract'] }), aTask('load', { upstream: ['transform'] })],
    }),
  );
});
afterAll(() => web.stop());

/** A run that failed: extract succeeded, transform failed, load is upstream_failed. */
beforeEach(async () => {
  runId = `r${++count}`;
  await web.request('POST', '/api/v2/dags/etl/dagRuns', { body: { logical_date: null, dag_run_id: runId } });
  await endInstance(web.db, { dagId: 'etl', runId, taskId: 'extract' }, 'success');
  await endInstance(web.db, { dagId: 'etl', runId, taskId: 'transform' }, 'failed');
  await web.db.pool.query("update task_instance set state = 'upstream_failed', ended_at = clock_timestamp() where task_instance_id = $1", [
    await idOf('load'),
  ]);
  await web.db.pool.query(
    "update dag_run set state = 'failed', started_at = clock_timestamp(), ended_at = clock_timestamp(), reason = 'transform failed' where run_id = $1",
    [runId],
  );
});

const idOf = (taskId: string) => instanceId(web.db, { dagId: 'etl', runId, taskId });
const clear = (body: object) => web.request('POST', '/api/v2/dags/etl/clearTaskInstances', { body: { dag_run_id: runId, ...body } });
const names = (answer: { json: { task_instances: readonly { task_id: string }[] } }) =>
  answer.json.task_instances.map((ti) => ti.task_id).sort();
const states = async () => {
  const answer = await web.request('GET', `/api/v2/dags/etl/dagRuns/${runId}/taskInstances`);
  return Object.fromEntries(answer.json.task_instances.map((ti: { task_id: string; state: string }) => [ti.task_id, ti.state]));
};
const run = async () => (await web.request('GET', `/api/v2/dags/etl/dagRuns/${runId}`)).json;

describe('clearing', () => {
  it('of a task takes along the setups it needs and their teardowns', async () => {
    const down = aTask('down', { isTeardown: true, triggerRule: 'all_done_setup_success', upstream: ['up', 'work'] });
    const tasks = [aTask('up', { isSetup: true }), aTask('work', { upstream: ['up'] }), down, aTask('other')];
    await saveDag(web.db, aSpec('scoped', { tasks }));
    await web.request('POST', '/api/v2/dags/scoped/dagRuns', { body: { logical_date: null, dag_run_id: 'r' } });
    const body = { dag_run_id: 'r', task_ids: ['work'], only_failed: false };
    expect(names(await web.request('POST', '/api/v2/dags/scoped/clearTaskInstances', { body }))).toEqual(['down', 'up', 'work']);
  });

  it('is a dry run of what failed, unless told otherwise', async () => {
    const answer = await clear({});
    expect([answer.status, names(answer)]).toEqual([200, ['load', 'transform']]);
    expect(await states()).toEqual({ extract: 'success', transform: 'failed', load: 'upstream_failed' });
  });

  it('makes instances run again and queues their ended run', async () => {
    expect((await clear({ dry_run: false })).status).toBe(200);
    expect(await states()).toEqual({ extract: 'success', transform: null, load: null });
    expect(await run()).toMatchObject({ state: 'queued', start_date: null, end_date: null });
    const { rows } = await web.db.pool.query(
      'select event, from_state, to_state, actor from task_instance_event where task_instance_id = $1 order by event_id desc limit 1',
      [await idOf('transform')],
    );
    expect(rows[0]).toEqual({ event: 'clear', from_state: 'failed', to_state: 'none', actor: 'user:admin' });
  });

  it('takes upstream and downstream tasks along', async () => {
    expect(names(await clear({ only_failed: false, task_ids: ['transform'], include_upstream: true }))).toEqual(['extract', 'transform']);
    expect(names(await clear({ only_failed: false, task_ids: ['transform'], include_downstream: true }))).toEqual(['load', 'transform']);
    expect(names(await clear({ only_failed: false, task_ids: [['extract', -1]] }))).toEqual(['extract']);
  });

  it('keeps the tries and allows as many more as the task has retries', async () => {
    await clear({ dry_run: false, only_failed: false, task_ids: ['extract'] });
    const { rows } = await web.db.pool.query('select try_number, max_tries, clear_number from task_instance where task_instance_id = $1', [
      await idOf('extract'),
    ]);
    expect(rows[0]).toEqual({ try_number: 1, max_tries: 3, clear_number: 1 });
    const tries = await web.request('GET', `/api/v2/dags/etl/dagRuns/${runId}/taskInstances/extract/tries`);
    expect(tries.json.task_instances.map((ti: { try_number: number }) => ti.try_number)).toContain(1);
  });

  it('fences a running attempt off: its worker can renew nothing any more', async () => {
    await clear({ dry_run: false, only_failed: false });
    const id = await idOf('extract');
    await startInstance(web.db, id);
    const { rows } = await web.db.pool.query<{ epoch: number }>(
      'select lease_epoch as epoch from task_instance where task_instance_id = $1',
      [id],
    );
    const epoch = rows[0]!.epoch;
    await clear({ dry_run: false, only_failed: false, task_ids: ['extract'] });
    expect((await states())['extract']).toBe('restarting');
    const kept = await renewLeases(web.db, {
      workerId: 'worker:1',
      leaseTtlMs: 30_000,
      leases: [{ taskInstanceId: id, leaseEpoch: epoch, progress: null }],
    });
    expect(kept).toEqual([]);
    const { rows: attempts } = await web.db.pool.query(
      'select outcome from task_attempt where task_instance_id = $1 order by lease_epoch desc limit 1',
      [id],
    );
    expect(attempts).toEqual([{ outcome: 'killed' }]);
  });

  it('refuses contradictions with 422 and unknown tasks with 404', async () => {
    expect((await clear({ only_failed: true, only_running: true })).status).toBe(422);
    expect((await clear({ start_date: '2026-01-01T00:00:00Z' })).status).toBe(422);
    expect((await clear({ task_ids: [] })).status).toBe(422);
    expect((await clear({ task_ids: ['nope'] })).status).toBe(404);
    expect((await clear({ dag_run_id: 'nope' })).status).toBe(404);
  });

  it('clears a whole run', async () => {
    const dry = await web.request('POST', `/api/v2/dags/etl/dagRuns/${runId}/clear`, { body: { only_failed: true } });
    expect(names(dry)).toEqual(['load', 'transform']);
    const real = await web.request('POST', `/api/v2/dags/etl/dagRuns/${runId}/clear`, { body: { dry_run: false } });
    expect(real.json).toMatchObject({ dag_run_id: runId, state: 'queued' });
    expect(await states()).toEqual({ extract: null, transform: null, load: null });
  });

  it('refuses when a selected task runs and prevent_running_task is set', async () => {
    await clear({ dry_run: false, only_failed: false });
    await startInstance(web.db, await idOf('extract'));
    expect((await clear({ only_failed: false, prevent_running_task: true, dry_run: false })).status).toBe(409);
    expect((await states())['extract']).toBe('running');
  });
});

describe('marking', () => {
  const mark = (taskId: string, body: object, path = '') =>
    web.request('PATCH', `/api/v2/dags/etl/dagRuns/${runId}/taskInstances/${taskId}${path}`, { body });

  it('sets a task instance to success and clears what failed only because of it', async () => {
    const answer = await mark('transform', { new_state: 'success', note: 'mended by hand' });
    expect([answer.status, names(answer)]).toEqual([200, ['transform']]);
    expect(answer.json.task_instances[0]).toMatchObject({ state: 'success', note: 'mended by hand' });
    expect(await states()).toEqual({ extract: 'success', transform: 'success', load: null });
    expect((await run()).state).toBe('queued');
  });

  it('changes nothing in a dry run', async () => {
    expect(names(await mark('transform', { new_state: 'success', include_downstream: true }, '/dry_run'))).toEqual(['load', 'transform']);
    expect((await states())['transform']).toBe('failed');
  });

  it('marks a whole run', async () => {
    const patch = (body: object, query = '') => web.request('PATCH', `/api/v2/dags/etl/dagRuns/${runId}${query}`, { body });
    expect((await patch({ state: 'success' })).json).toMatchObject({ state: 'success' });
    expect(await states()).toEqual({ extract: 'success', transform: 'success', load: 'success' });
    expect((await patch({ note: 'looked at' })).json).toMatchObject({ note: 'looked at', state: 'success' });
    expect((await patch({ state: 'failed', note: 'x' }, '?update_mask=note')).json).toMatchObject({ note: 'x', state: 'success' });
    expect((await patch({ state: 'queued' })).json).toMatchObject({ state: 'queued', end_date: null });
    expect((await patch({}, '?update_mask=conf')).status).toBe(400);
    expect((await patch({ state: 'running' })).status).toBe(422);
  });

  it('fails what runs and skips what has not started when a run is marked failed', async () => {
    await clear({ dry_run: false, only_failed: false });
    await startInstance(web.db, await idOf('extract'));
    await web.request('PATCH', `/api/v2/dags/etl/dagRuns/${runId}`, { body: { state: 'failed' } });
    expect(await states()).toEqual({ extract: 'failed', transform: 'skipped', load: 'skipped' });
  });
});
