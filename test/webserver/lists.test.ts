/** Paging, ordering, filters and wildcards of the list routes, by Airflow's conventions. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '#platform/clock.ts';
import { createDagRuns } from '#platform/db/queries/create-dag-runs.ts';
import { aSpec, aTask, endInstance, saveDag } from './dag-fixtures.ts';
import { type Harness, startHarness } from './harness.ts';

let web: Harness;
const DAY_MS = 86_400_000;
const FIRST = Date.parse('2026-01-01T00:00:00Z');

beforeAll(async () => {
  web = await startHarness();
  await saveDag(web.db, aSpec('alpha', { tags: ['red', 'blue'], owner: 'ann' }));
  await saveDag(web.db, aSpec('beta', { tags: ['blue'], owner: 'bob', tasks: [aTask('only', { pool: 'p1', queue: 'q1' })] }), {
    isPaused: true,
  });
  await saveDag(web.db, aSpec('old_dag'), { isStale: true });
  await createDagRuns(
    web.db,
    Array.from({ length: 120 }, (_, day) => {
      const date = new Date(FIRST + day * DAY_MS);
      return {
        dagRunId: newId(FIRST + day),
        dagId: 'alpha',
        runId: `scheduled__${date.toISOString()}`,
        runType: 'scheduled' as const,
        logicalDate: date,
        dataIntervalStart: date,
        dataIntervalEnd: date,
        runAfter: date,
        conf: { day },
        triggeredBy: 'timetable' as const,
        triggeringUser: null,
        note: null,
      };
    }),
  );
  await web.request('POST', '/api/v2/dags/beta/dagRuns', { body: { logical_date: null, dag_run_id: 'b1' } });
  await endInstance(web.db, { dagId: 'beta', runId: 'b1', taskId: 'only' }, 'failed');
});
afterAll(() => web.stop());

const get = (url: string) => web.request('GET', url);
const dagIds = async (query: string) => (await get(`/api/v2/dags${query}`)).json.dags.map((dag: { dag_id: string }) => dag.dag_id);
const runs = async (query: string) => (await get(`/api/v2/dags/alpha/dagRuns${query}`)).json;
const dates = async (query: string) => (await runs(query)).dag_runs.map((run: { logical_date: string }) => run.logical_date.slice(0, 10));

describe('paging', () => {
  it('gives 50 by default, 100 at most, and the total of all', async () => {
    for (const [query, length] of [
      ['', 50],
      ['?limit=0', 50],
      ['?limit=7', 7],
      ['?limit=1000', 100],
      ['?offset=115', 5],
      ['?offset=500', 0],
    ] as const) {
      const page = await runs(query);
      expect([query, page.dag_runs.length, page.total_entries]).toEqual([query, length, 120]);
    }
  });

  it('neither overlaps nor skips', async () => {
    const seen = new Set<string>();
    for (let offset = 0; offset < 120; offset += 40)
      for (const run of (await runs(`?limit=40&offset=${offset}&order_by=state`)).dag_runs) seen.add(run.dag_run_id);
    expect(seen.size).toBe(120);
  });

  it('refuses what is no number and negative ones with 422', async () => {
    for (const query of ['?limit=-1', '?limit=ten', '?offset=-5']) expect((await get(`/api/v2/dags${query}`)).status).toBe(422);
  });
});

describe('ordering', () => {
  it('follows the named fields, "-" for descending, and refuses unknown ones with 400', async () => {
    expect(await dates('?limit=2&order_by=-logical_date')).toEqual(['2026-04-30', '2026-04-29']);
    expect(await dates('?limit=1&order_by=state&order_by=-run_after')).toEqual(['2026-04-30']);
    for (const field of ['password', 'constructor', '__proto__', 'id;drop table dag'])
      expect((await get(`/api/v2/dags/alpha/dagRuns?order_by=${encodeURIComponent(field)}`)).status).toBe(400);
  });
});

describe('filters', () => {
  it('take ranges of dates, also naive ones as UTC', async () => {
    expect(await dates('?logical_date_gte=2026-01-03T00:00:00Z&logical_date_lt=2026-01-05')).toEqual(['2026-01-03', '2026-01-04']);
    expect(await dates('?run_after_lte=2026-01-01T01:00:00%2B01:00')).toEqual(['2026-01-01']);
    expect((await get('/api/v2/dags/alpha/dagRuns?run_after_gte=yesterday')).status).toBe(422);
  });

  it('take states, several of which fit', async () => {
    expect((await runs('?state=queued&state=running')).total_entries).toBe(120);
    expect((await runs('?state=failed')).total_entries).toBe(0);
    expect((await get('/api/v2/dags/alpha/dagRuns?state=green')).status).toBe(422);
  });

  it('take patterns without case, with alternatives, and "~" for all', async () => {
    expect(await dagIds('?dag_id_pattern=ALP%25')).toEqual(['alpha']);
    expect(await dagIds('?dag_id_pattern=alp%25%7Cbe%25')).toEqual(['alpha', 'beta']);
    expect(await dagIds('?dag_id_pattern=~')).toEqual(['alpha', 'beta']);
    expect((await runs('?run_id_pattern=%25-01-15%25')).total_entries).toBe(1);
    expect((await runs('?conf_contains=%22day%22:%2077')).total_entries).toBe(1);
  });

  it('hide stale DAGs, and find by tag, owner and pause', async () => {
    expect(await dagIds('')).toEqual(['alpha', 'beta']);
    expect(await dagIds('?exclude_stale=false')).toEqual(['alpha', 'beta', 'old_dag']);
    expect(await dagIds('?tags=red&tags=blue')).toEqual(['alpha', 'beta']);
    expect(await dagIds('?tags=red&tags=blue&tags_match_mode=all')).toEqual(['alpha']);
    expect(await dagIds('?owners=bob')).toEqual(['beta']);
    expect(await dagIds('?paused=true')).toEqual(['beta']);
  });

  it('take null as the state none, and wildcards for DAG and run', async () => {
    const all = '/api/v2/dags/~/dagRuns/~/taskInstances';
    expect((await get(`${all}?state=failed`)).json.total_entries).toBe(1);
    expect((await get(`${all}?state=none`)).json.total_entries).toBe(360);
    expect((await get(`${all}?pool=p1&queue=q1`)).json.task_instances[0]).toMatchObject({ dag_id: 'beta', task_id: 'only' });
    expect((await get('/api/v2/dags/~/dagRuns')).json.total_entries).toBe(121);
    const batch = await web.request('POST', `${all}/list`, {
      body: { dag_ids: ['alpha', 'beta'], state: [null, 'failed'], page_limit: 5 },
    });
    expect([batch.json.total_entries, batch.json.task_instances.length]).toEqual([361, 5]);
    const batchRuns = await web.request('POST', '/api/v2/dags/~/dagRuns/list', {
      body: { dag_ids: ['alpha'], states: ['queued'], run_after_gte: '2026-04-29T00:00:00Z', order_by: '-run_after' },
    });
    expect(batchRuns.json.dag_runs.map((run: { run_after: string }) => run.run_after.slice(0, 10))).toEqual(['2026-04-30', '2026-04-29']);
    expect((await web.request('POST', '/api/v2/dags/~/dagRuns/list', { body: { limit: 1 } })).status).toBe(422);
  });

  it('pass text that is made to hurt as the text it is', async () => {
    for (const text of ["'; drop table dag; --", '\\', '%00'.repeat(3), '\u0000', '\ud800', '../../etc/passwd', '{{7*7}}']) {
      const answer = await get(`/api/v2/dags?dag_id_pattern=${text === '\ud800' ? '%ED%A0%80' : encodeURIComponent(text)}`);
      expect([text, [200, 400, 422].includes(answer.status)]).toEqual([text, true]);
    }
    const nul = await web.request('POST', '/api/v2/dags/alpha/dagRuns', { body: { logical_date: null, conf: { a: 'x\u0000y' } } });
    expect(nul.status).toBe(422);
    const half = await web.request('POST', '/api/v2/dags/alpha/dagRuns', { body: { logical_date: null, note: '\ud800' } });
    expect(half.status).toBe(422);
  });
});

describe('pausing', () => {
  it('changes one DAG and tells schedulers by its revision', async () => {
    const before = await web.db.pool.query("select revision from dag where dag_id = 'alpha'");
    const answer = await web.request('PATCH', '/api/v2/dags/alpha?update_mask=is_paused', { body: { is_paused: true } });
    expect([answer.status, answer.json.is_paused]).toEqual([200, true]);
    const after = await web.db.pool.query("select revision, is_paused from dag where dag_id = 'alpha'");
    expect(after.rows[0]).toEqual({ revision: before.rows[0].revision + 1, is_paused: true });
    expect((await web.request('PATCH', '/api/v2/dags/alpha?update_mask=owner', { body: { is_paused: true } })).status).toBe(400);
    expect((await web.request('PATCH', '/api/v2/dags/alpha', { body: { is_paused: 'yes' } })).status).toBe(422);
  });

  it('changes many by a pattern, and none when the pattern was forgotten', async () => {
    expect((await web.request('PATCH', '/api/v2/dags', { body: { is_paused: false } })).json.total_entries).toBe(0);
    expect((await web.request('PATCH', '/api/v2/dags?dag_id_pattern=~', { body: { is_paused: false } })).json.total_entries).toBe(2);
    expect(await dagIds('?paused=false')).toEqual(['alpha', 'beta']);
  });
});
