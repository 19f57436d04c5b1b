/** Backfills over REST behave as Airflow's: shapes, dry run, pause and cancel, refusals. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aSpec, aTask, saveDag } from './dag-fixtures.ts';
import { type Harness, startHarness } from './harness.ts';

let web: Harness;

const DAILY = { kind: 'cron', expression: '0 0 * * *', timezone: 'UTC' } as const;

beforeAll(async () => {
  web = await startHarness();
  for (const dagId of ['etl', 'partly', 'paging']) await saveDag(web.db, aSpec(dagId, { schedule: DAILY }));
  await saveDag(web.db, aSpec('unscheduled'));
  await saveDag(web.db, aSpec('stale', { schedule: DAILY }), { isStale: true });
  await saveDag(web.db, aSpec('past', { schedule: DAILY, tasks: [aTask('a', { dependsOnPast: true })] }));
  await saveDag(
    web.db,
    aSpec('with_params', {
      schedule: DAILY,
      paramsSchema: { type: 'object', properties: { rows: { type: 'integer' } }, required: ['rows'], additionalProperties: false },
    }),
  );
});
afterAll(() => web.stop());

const body = (change: Record<string, unknown> = {}) => ({
  dag_id: 'etl',
  from_date: '2026-01-01T00:00:00Z',
  to_date: '2026-01-03T00:00:00Z',
  ...change,
});
const create = (change: Record<string, unknown> = {}, options = {}) =>
  web.request('POST', '/api/v2/backfills', { body: body(change), ...options });
const dryRun = (change: Record<string, unknown> = {}) => web.request('POST', '/api/v2/backfills/dry_run', { body: body(change) });
const put = (id: number, action: string) => web.request('PUT', `/api/v2/backfills/${id}/${action}`);

describe('backfills', () => {
  it('tell in a dry run which dates would run, and change nothing', async () => {
    const answer = await dryRun();
    expect(answer.status).toBe(200);
    expect(answer.json).toEqual({
      backfills: ['01', '02', '03'].map((day) => ({
        logical_date: `2026-01-${day}T00:00:00.000Z`,
        partition_key: null,
        partition_date: null,
      })),
      total_entries: 3,
    });
    expect((await web.request('GET', '/api/v2/backfills?dag_id=etl')).json).toEqual({ backfills: [], total_entries: 0 });
  });

  it('are created, read and listed in the documented shape', async () => {
    const made = await create({ run_backwards: true, dag_run_conf: { full: true }, max_active_runs: 3 });
    expect(made.status).toBe(200);
    expect(made.json).toEqual({
      id: expect.any(Number),
      dag_id: 'etl',
      from_date: '2026-01-01T00:00:00.000Z',
      to_date: '2026-01-03T00:00:00.000Z',
      dag_run_conf: { full: true },
      is_paused: false,
      reprocess_behavior: 'none',
      max_active_runs: 3,
      created_at: expect.any(String),
      completed_at: null,
      updated_at: expect.any(String),
      dag_display_name: 'etl',
    });
    expect((await web.request('GET', `/api/v2/backfills/${made.json.id}`)).json).toEqual(made.json);
    expect((await web.request('GET', '/api/v2/backfills?dag_id=etl')).json).toEqual({ backfills: [made.json], total_entries: 1 });
    const plan = await web.db.pool.query('select logical_date from backfill_dag_run where backfill_id = $1 order by ordinal', [
      made.json.id,
    ]);
    expect(plan.rows[0].logical_date).toEqual(new Date('2026-01-03T00:00:00Z'));
  });

  it('are refused while another one of the DAG is active, also as a dry run', async () => {
    for (const answer of [await create(), await dryRun()]) {
      expect(answer.status).toBe(409);
      expect(answer.json.detail).toMatch(/already a running backfill for dag etl/);
    }
  });

  it('are paused, unpaused, widened and cancelled, and then left alone', async () => {
    const { id } = (await web.request('GET', '/api/v2/backfills?dag_id=etl')).json.backfills[0];
    expect((await put(id, 'pause')).json).toMatchObject({ id, is_paused: true });
    expect((await put(id, 'unpause')).json).toMatchObject({ id, is_paused: false });
    const wider = await web.request('PATCH', `/api/v2/backfills/${id}`, { body: { max_active_runs: 7 } });
    expect(wider.json).toMatchObject({ id, max_active_runs: 7 });
    const cancelled = await put(id, 'cancel');
    expect(cancelled.json.completed_at).not.toBeNull();
    for (const action of ['pause', 'unpause', 'cancel']) {
      const answer = await put(id, action);
      expect(answer.status).toBe(409);
      expect(answer.json.detail).toBe('Backfill is already completed.');
    }
    expect((await create()).status).toBe(200);
    const { rows } = await web.db.pool.query<{ action: string }>(
      `select action from audit_log where dag_id = 'etl' and action like 'backfill.%' order by audit_id`,
    );
    expect(rows.map((row) => row.action.replace('backfill.', ''))).toEqual(['create', 'pause', 'unpause', 'update', 'cancel', 'create']);
  });

  it('leave out dates that have a run, unless it is to run again', async () => {
    const trigger = (day: string) =>
      web.request('POST', '/api/v2/dags/partly/dagRuns', { body: { logical_date: `2026-01-${day}T00:00:00Z` } });
    for (const day of ['01', '02']) await trigger(day);
    await web.db.pool.query(
      `update dag_run set state = 'failed', ended_at = now() where dag_id = 'partly' and logical_date = '2026-01-02Z'`,
    );
    const dates = async (reprocess: string) =>
      (await dryRun({ dag_id: 'partly', reprocess_behavior: reprocess })).json.backfills.map((one: { logical_date: string }) =>
        one.logical_date.slice(8, 10),
      );
    expect(await dates('none')).toEqual(['03']);
    expect(await dates('failed')).toEqual(['02', '03']);
  });

  it.each([
    ['an unknown DAG', { dag_id: 'nope' }, 404, /Could not find dag nope/],
    ['a DAG that is gone', { dag_id: 'stale' }, 404, /Could not find dag stale/],
    ['a DAG without schedule', { dag_id: 'unscheduled' }, 422, /unscheduled has no schedule/],
    ['the future', { dag_id: 'paging', to_date: '2999-01-01T00:00:00Z' }, 422, /future dates/],
    ['a wrong order', { dag_id: 'paging', from_date: '2026-02-01T00:00:00Z' }, 422, /lies after to_date/],
    ['reverse with dependsOnPast', { dag_id: 'past', run_backwards: true, reprocess_behavior: 'failed' }, 422, /reverse/],
    ['dependsOnPast with gaps', { dag_id: 'past' }, 422, /Set reprocess_behavior/],
    ['params that do not fit', { dag_id: 'with_params', dag_run_conf: { rows: 'many' } }, 400, /rows: must be integer/],
  ])('refuse %s, dry or not', async (_, change, status, message) => {
    for (const answer of [await create(change), await dryRun(change)]) {
      expect([answer.status, answer.json.detail]).toEqual([status, expect.stringMatching(message)]);
    }
  });

  it.each([
    ['no range', { from_date: undefined }, 'from_date', 'missing'],
    ['an unknown behaviour', { reprocess_behavior: 'all' }, 'reprocess_behavior', 'enum'],
    ['no run at once', { max_active_runs: 0 }, 'max_active_runs', 'greater_than_equal'],
    ['a field that does not exist', { dag_ids: ['etl'] }, 'dag_ids', 'extra_forbidden'],
  ])('refuse %s in the words of a form', async (_, change, field, type) => {
    const answer = await create(change);
    expect(answer.status).toBe(422);
    expect(answer.json.detail[0]).toMatchObject({ loc: ['body', field], type });
  });

  it('need a dag_id to be listed and an id that exists to be found', async () => {
    const answer = await web.request('GET', '/api/v2/backfills');
    expect([answer.status, answer.json.detail]).toEqual([422, [{ loc: ['query', 'dag_id'], msg: 'Field required', type: 'missing' }]]);
    for (const [method, url] of [
      ['GET', '/api/v2/backfills/999999'],
      ['PUT', '/api/v2/backfills/999999/pause'],
      ['PUT', '/api/v2/backfills/999999/cancel'],
    ] as const)
      expect((await web.request(method, url)).json.detail).toBe('Could not find backfill with id 999999');
  });

  it('show on the page of their DAG, and say why a run of theirs waits', async () => {
    await create({ dag_id: 'paging', max_active_runs: 2 });
    const { activeBackfill, hasDates } = (await web.request('GET', '/ui/api/dags/paging')).json;
    expect(hasDates).toBe(true);
    expect(activeBackfill).toMatchObject({ isPaused: false, maxActiveRuns: 2, runs: 3, running: 0, succeeded: 0, failed: 0 });
    await web.db.pool.query(
      `insert into dag_run (dag_run_id, dag_id, run_id, run_type, state, version_id, shard, run_after, triggered_by, backfill_id, backfill_ordinal)
       select new_id(), dag_id, 'r' || n, 'backfill', case n when 3 then 'queued' else 'running' end, version_id, shard, now(), 'backfill', $1, n
         from dag cross join generate_series(1, 3) n where dag_id = 'paging'`,
      [activeBackfill.backfillId],
    );
    await web.db.pool.query(
      `insert into task_instance (task_instance_id, dag_run_id, task_id, operator, queue, pool, pool_slots, priority_weight)
       select new_id(), dag_run_id, 'extract', 'task', 'default', 'default_pool', 1, 1 from dag_run where dag_id = 'paging' and run_id = 'r3'`,
    );
    const why = async () => (await web.request('GET', '/ui/api/dags/paging/runs/r3/tasks/extract')).json.waitingFor[0];
    expect(await why()).toBe('The run is queued: the scheduler has not started it yet.');
    const words = 'maxActiveRuns of its backfill reached: 2 of 2 runs are active';
    await web.db.pool.query(`update dag_run set reason = $1 where run_id = 'r3'`, [words]);
    expect(await why()).toBe('maxActiveRuns of its backfill reached: 2 of 2 runs are active.');
  });

  it('are not for viewers to start', async () => {
    expect((await create({ dag_id: 'paging' }, { role: 'viewer' })).status).toBe(403);
    expect((await web.request('GET', '/api/v2/backfills?dag_id=etl', { role: 'viewer' })).status).toBe(200);
  });
});
