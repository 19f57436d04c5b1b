/** Triggering a run over REST behaves as Airflow's: ids, dates, params, conflicts, refusals. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aSpec, saveDag } from './dag-fixtures.ts';
import { type Harness, startHarness } from './harness.ts';

let web: Harness;

beforeAll(async () => {
  web = await startHarness();
  await saveDag(web.db, aSpec('etl'));
  await saveDag(web.db, aSpec('paused'), { isPaused: true });
  await saveDag(web.db, aSpec('stale'), { isStale: true });
  await saveDag(web.db, aSpec('broken'), { hasImportErrors: true });
  await saveDag(
    web.db,
    aSpec('with_params', {
      paramsDefaults: { rows: 10, mode: 'full' },
      paramsSchema: {
        type: 'object',
        properties: { rows: { type: 'integer', minimum: 1 }, mode: { enum: ['full', 'delta'] } },
        required: ['rows'],
        additionalProperties: false,
      },
    }),
  );
});
afterAll(() => web.stop());

const trigger = (dagId: string, body: unknown, headers: Record<string, string> = {}) =>
  web.request('POST', `/api/v2/dags/${dagId}/dagRuns`, { body, headers });

describe('triggering a run', () => {
  it('creates a queued run with all its task instances', async () => {
    const answer = await trigger('etl', { logical_date: null, conf: { day: 1 }, note: 'by hand' });
    expect(answer.status).toBe(200);
    expect(answer.json).toMatchObject({
      dag_id: 'etl',
      state: 'queued',
      run_type: 'manual',
      logical_date: null,
      conf: { day: 1 },
      note: 'by hand',
    });
    expect(answer.json.dag_run_id).toMatch(/^manual__\d{4}-\d\d-\d\dT[\d:.]+\+00:00/);
    expect(answer.json).toMatchObject({ triggered_by: 'rest_api', triggering_user_name: 'admin' });
    const instances = await web.request('GET', `/api/v2/dags/etl/dagRuns/${encodeURIComponent(answer.json.dag_run_id)}/taskInstances`);
    expect(instances.json.total_entries).toBe(3);
    expect(instances.json.task_instances.map((ti: { state: unknown }) => ti.state)).toEqual([null, null, null]);
  });

  it('says that the pages triggered it when the request has a Referer', async () => {
    const answer = await trigger('etl', { logical_date: null }, { referer: 'http://localhost:8080/dags/etl' });
    expect(answer.json.triggered_by).toBe('ui');
  });

  it('demands the key logical_date, as null or a date', async () => {
    const answer = await trigger('etl', {});
    expect(answer.status).toBe(422);
    expect(answer.json.detail).toEqual([{ loc: ['body', 'logical_date'], msg: 'Field required', type: 'missing' }]);
  });

  it('refuses fields it does not know', async () => {
    const answer = await trigger('etl', { logical_date: null, state: 'success' });
    expect(answer.status).toBe(422);
    expect(answer.json.detail[0]).toMatchObject({ loc: ['body', 'state'], type: 'extra_forbidden' });
  });

  it('names the run after its logical date and allows that date once', async () => {
    const first = await trigger('etl', { logical_date: '2026-01-02T03:04:05Z' });
    expect(first.json).toMatchObject({ dag_run_id: 'manual__2026-01-02T03:04:05.000+00:00', logical_date: '2026-01-02T03:04:05.000Z' });
    const second = await trigger('etl', { logical_date: '2026-01-02T03:04:05Z', dag_run_id: 'other' });
    expect(second.status).toBe(409);
    expect(second.json.detail).toMatchObject({ reason: 'Unique constraint violation' });
  });

  it('allows a run id once', async () => {
    expect((await trigger('etl', { logical_date: null, dag_run_id: 'mine' })).status).toBe(200);
    expect((await trigger('etl', { logical_date: null, dag_run_id: 'mine' })).status).toBe(409);
  });

  it('makes generated ids unique when many trigger at once', async () => {
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => trigger('etl', { logical_date: null, run_after: '2026-05-05T00:00:00Z' })),
    );
    const created = answers.filter((answer) => answer.status === 200);
    expect(created).toHaveLength(8);
    expect(new Set(created.map((answer) => answer.json.dag_run_id)).size).toBe(8);
  });

  it('refuses a run id that could be a path', async () => {
    for (const id of ['../../etc', 'a/b', 'a b', '<img>'])
      expect((await trigger('etl', { logical_date: null, dag_run_id: id })).status).toBe(400);
  });

  it('wants both ends of the data interval or none', async () => {
    expect((await trigger('etl', { logical_date: null, data_interval_start: '2026-01-01T00:00:00Z' })).status).toBe(422);
  });

  it('keeps the run of a paused DAG queued instead of refusing it', async () => {
    const answer = await trigger('paused', { logical_date: null });
    expect([answer.status, answer.json.state]).toEqual([200, 'queued']);
  });

  it('does not know stale and unknown DAGs, and refuses one whose file is broken', async () => {
    expect((await trigger('stale', { logical_date: null })).status).toBe(404);
    expect((await trigger('no_such_dag', { logical_date: null })).status).toBe(404);
    expect((await trigger('broken', { logical_date: null })).status).toBe(400);
  });

  it('checks conf against the params of the DAG and puts the defaults under it', async () => {
    const wrong = await trigger('with_params', { logical_date: null, conf: { rows: 0, mode: 'half', extra: 1 } });
    expect(wrong.status).toBe(400);
    expect(wrong.json.detail).toContain('rows: must be >= 1');
    expect(wrong.json.detail).toContain('extra');
    const right = await trigger('with_params', { logical_date: null, conf: { mode: 'delta' }, dag_run_id: 'with-defaults' });
    expect(right.status).toBe(200);
    const { rows } = await web.db.pool.query("select conf, params from dag_run where run_id = 'with-defaults'");
    expect(rows[0]).toEqual({ conf: { mode: 'delta' }, params: { rows: 10, mode: 'delta' } });
  });

  it('writes who triggered into the audit log, in the same transaction', async () => {
    await trigger('etl', { logical_date: null, dag_run_id: 'audited' });
    const { rows } = await web.db.pool.query("select actor, action, dag_id from audit_log where run_id = 'audited'");
    expect(rows).toEqual([{ actor: 'admin', action: 'dag_run.trigger', dag_id: 'etl' }]);
  });

  it('rings the scheduler after the commit', async () => {
    const heard: unknown[] = [];
    const stop = await web.broker.listen('runs_changed', (message) => heard.push(message));
    await trigger('etl', { logical_date: null });
    await expect.poll(() => heard, { timeout: 5000 }).toContainEqual({ dagIds: ['etl'] });
    await stop();
  });
});
