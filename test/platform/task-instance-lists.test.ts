// Goal: a list of task instances is what all its rows say, whatever summaries of ended runs there are, and its first pages read a
// bounded number of rows. Method: histories and requests that a seed makes, held against a plain reading of every row, sorted here;
// what people change after a run has ended comes through the API. Then many more runs, and the rows that Postgres says it fetched. By which
// index a page reaches the instances is in plans/list-plans.txt (UPDATE_GOLDEN=1 rewrites it).
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { FINISHED_STATES, UNFINISHED_STATES } from '#core/states.ts';
import { checkInvariants } from '#platform/db/invariants/check-invariants.ts';
import type { Filter, ListRequest } from '#platform/db/list-query.ts';
import { listTaskInstances } from '#platform/db/queries/api/list-task-instances.ts';
import { FIRST_PLACE, type SummaryPlace, summarizeRuns } from '#platform/db/queries/care/summarize-runs.ts';
import { planPaths } from '#test/support/plan-paths.ts';
import { Dice } from '#test/support/seeded.ts';
import { aSpec, saveDag } from '../webserver/dag-fixtures.ts';
import { type Harness, startHarness } from '../webserver/harness.ts';

const GOLDEN = fileURLToPath(new URL('plans/list-plans.txt', import.meta.url));
const RUNS = 60;
const REQUESTS = 250;
const FIRST_MS = Date.parse('2026-01-01T00:00:00Z');
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** Those that need no lease. */
const OPEN_STATES = UNFINISHED_STATES.filter((state) => state !== 'running' && state !== 'restarting');

let web: Harness;
const dice = new Dice(20_261_127);

beforeAll(async () => {
  web = await startHarness();
  for (const dagId of ['alpha', 'beta', 'gamma']) await saveDag(web.db, aSpec(dagId));
  for (let index = 0; index < RUNS; index++) await addRun(index);
});
afterAll(() => web.stop());

it('lists what all the rows say, without summaries', () => compareMany());

it('lists the same when some of the ended runs are summed up', async () => {
  await summarizeRuns(web.db, { after: FIRST_PLACE, runsMax: RUNS / 3, settledMs: 0 });
  expect(await summaries()).toBeGreaterThan(5);
  await compareMany();
});

it('believes no summary of a run that people have changed since, or whose instance they have deleted', async () => {
  await summarizeAll();
  const all = await summaries();
  const ended = await web.db.pool.query<{ dag_id: string; run_id: string; task_id: string; state: string }>(
    `select r.dag_id, r.run_id, min(ti.task_id) as task_id, min(ti.state) as state from dag_run r join task_instance ti using (dag_run_id)
      where r.state = 'success' and ti.map_index = -1 and ti.state in ('success', 'failed', 'skipped') group by 1, 2 order by 1, 2 limit 3`,
  );
  const [marked, cleared, deleted] = ended.rows.map(
    ({ dag_id, run_id, task_id, state }) => ({ url: `/api/v2/dags/${dag_id}/dagRuns/${run_id}`, dag_id, run_id, task_id, state }) as const,
  );
  if (marked === undefined || cleared === undefined || deleted === undefined) throw new Error('there are too few ended runs');
  const mark = { new_state: marked.state === 'failed' ? 'skipped' : 'failed' };
  expect((await web.request('PATCH', `${marked.url}/taskInstances/${marked.task_id}`, { body: mark })).status).toBe(200);
  const clear = { dry_run: false, only_failed: false, dag_run_id: cleared.run_id, task_ids: [cleared.task_id] };
  expect((await web.request('POST', `/api/v2/dags/${cleared.dag_id}/clearTaskInstances`, { body: clear })).status).toBe(200);
  expect((await web.request('DELETE', `${deleted.url}/taskInstances/${deleted.task_id}`)).status).toBe(204);
  expect(await summaries()).toBe(all - 3);
  await compareMany();
});

it('sums changed runs up anew, and what it wrote holds', async () => {
  const before = await summaries();
  await summarizeAll();
  expect(await summaries()).toBe(before + 2);
  await compareMany();
  const checked = await checkInvariants(web.db, 365 * DAY_MS);
  expect(checked.find(({ id }) => id === 'INV-27')).toMatchObject({ violations: [], error: null });
});

const FIRST_PAGES: Readonly<Record<string, Partial<ListRequest>>> = {
  'of all, by map index': { orderBy: [{ field: 'map_index', descending: false }] },
  'of all, newest start first': { orderBy: [{ field: 'start_date', descending: true }] },
  'of all, as the pages of Airflow ask': {
    orderBy: [
      { field: 'start_date', descending: true },
      { field: 'run_after', descending: true },
    ],
  },
  'of a DAG, newest run first': {
    filters: [{ field: 'dag_id', operator: 'eq', value: 'alpha' }],
    orderBy: [{ field: 'run_after', descending: true }],
  },
  'failed, newest start first': {
    filters: [{ field: 'state', operator: 'any', value: ['failed'] }],
    orderBy: [{ field: 'start_date', descending: true }],
  },
  'running and queued': {
    filters: [{ field: 'state', operator: 'any', value: ['running', 'queued'] }],
    orderBy: [{ field: 'map_index', descending: false }],
  },
  'of a month, oldest end first': {
    filters: [
      { field: 'start_date', operator: 'gte', value: new Date('2025-06-01T00:00:00Z') },
      { field: 'start_date', operator: 'lt', value: new Date('2025-07-01T00:00:00Z') },
    ],
    orderBy: [{ field: 'end_date', descending: false }],
  },
};

it('fetches a bounded number of instances for a first page, and counts all of them', async () => {
  await addHistory(1_000);
  await summarizeAll();
  await web.db.pool.query('vacuum analyze');
  const lines: string[] = [];
  for (const [name, request] of Object.entries(FIRST_PAGES)) {
    const sent: { readonly text: string; readonly values: readonly unknown[] }[] = [];
    const before = await fetched();
    const page = await listTaskInstances(
      {
        query: (statement, values = []) => {
          sent.push({ text: statement.text, values });
          return web.db.query(statement, values);
        },
      },
      { filters: [], orderBy: [], limit: 10, offset: 0, ...request },
    );
    expect([name, page.total > 30_000 || page.rows.length <= 10]).toEqual([name, true]);
    // Runs of forty, some that are open, and each row of the page once more.
    expect({ name, isBounded: (await fetched()) - before < 1_000 }).toEqual({ name, isBounded: true });
    for (const { text, values } of sent)
      lines.push(name, ...(await planPaths(web.db, text, values)).filter(isOfInstances).map((path) => `  ${path}`));
  }
  const text = `${lines.join('\n')}\n`;
  if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(GOLDEN, text);
  expect(text).toBe(existsSync(GOLDEN) ? readFileSync(GOLDEN, 'utf8') : '');
});

const isOfInstances = (path: string) => /^task_(instance|attempt) /.test(path);

/** An open or an ended run with a few instances, now and then mapped, in any states that its own allows. */
async function addRun(index: number): Promise<void> {
  const isOpen = dice.chance(0.2);
  const startMs = FIRST_MS + dice.int(0, 40) * HOUR_MS;
  const { rows } = await web.db.pool.query<{ id: string }>(
    `insert into dag_run (dag_run_id, dag_id, run_id, run_type, state, version_id, shard, logical_date, run_after, triggered_by, queued_at, started_at, ended_at)
     select new_id(), dag_id, 'run_' || $2, 'manual', $3, version_id, shard, $4, $5, 'rest_api', $5, $5, $6 from dag where dag_id = $1 returning dag_run_id as id`,
    [
      dice.pick(['alpha', 'beta', 'gamma']),
      index,
      isOpen ? 'running' : dice.pick(['success', 'success', 'failed']),
      dice.chance(0.3) ? null : new Date(FIRST_MS + index * DAY_MS),
      new Date(startMs),
      isOpen ? null : new Date(startMs + 2 * HOUR_MS),
    ],
  );
  for (let task = 0; task < dice.int(0, 6); task++) {
    const width = dice.chance(0.2) ? dice.int(1, 4) : 0;
    for (let mapIndex = width > 0 ? 0 : -1; mapIndex < width; mapIndex++) {
      const isDone = !isOpen || dice.chance(0.5);
      const started = dice.chance(0.8) ? new Date(startMs + dice.int(0, 4) * 60_000) : null;
      await web.db.pool.query(
        `insert into task_instance (task_instance_id, dag_run_id, task_id, map_index, state, try_number, operator, queue, pool, pool_slots, priority_weight, started_at, ended_at)
         values (new_id(), $1, $2, $3, $4, $5, 'task', $6, 'default_pool', 1, 1, $7, $8)`,
        [
          rows[0]?.id,
          ['extract', 'transform', 'load', 'x1', 'x2', 'x3'][task],
          mapIndex,
          isDone ? dice.pick(['success', 'success', ...FINISHED_STATES]) : dice.pick(OPEN_STATES),
          dice.int(0, 3),
          dice.pick(['default', 'gpu']),
          started,
          isDone ? new Date(startMs + dice.int(5, 60) * 60_000) : null,
        ],
      );
      if (width === 0) break;
    }
  }
}

/** Runs of forty instances each, ended one an hour: what a first page must not read. */
async function addHistory(runs: number): Promise<void> {
  await web.db.pool.query(
    `insert into dag_run (dag_run_id, dag_id, run_id, run_type, state, version_id, shard, run_after, triggered_by, queued_at, started_at, ended_at)
     select new_id(), d.dag_id, 'history__' || n, 'manual', 'success', d.version_id, d.shard, at, 'rest_api', at, at, at + interval '1 minute'
       from generate_series(1, $1::int) as n join dag d on d.dag_id = 'alpha', lateral (select '2025-01-01T00:00Z'::timestamptz + n * interval '8 hours' as at) t`,
    [runs],
  );
  await web.db.pool.query(
    `insert into task_instance (task_instance_id, dag_run_id, task_id, state, try_number, operator, queue, pool, pool_slots, priority_weight, started_at, ended_at)
     select new_id(), r.dag_run_id, 't' || n, case when n = 0 and r.run_id like '%7' then 'failed' else 'success' end, 1, 'task', 'default', 'default_pool', 1, 1,
            r.started_at + n * interval '1 second', r.started_at + (n + 1) * interval '1 second'
       from dag_run r, generate_series(0, 39) as n where r.run_id like 'history__%'`,
  );
  await web.db.pool.query(
    `insert into task_attempt (attempt_id, task_instance_id, try_number, clear_number, lease_epoch, worker_id, hostname, outcome, claimed_at, ended_at)
     select new_id(), ti.task_instance_id, 1, 0, 1, 'w', 'h', ti.state, ti.started_at, ti.ended_at
       from task_instance ti join dag_run r using (dag_run_id) where r.run_id like 'history__%'`,
  );
}

async function summarizeAll(): Promise<void> {
  for (let after: SummaryPlace | null = FIRST_PLACE; after !== null; )
    after = (await summarizeRuns(web.db, { after, runsMax: 100, settledMs: 0 })).next;
}

/** Those that fit their run. */
async function summaries(): Promise<number> {
  const { rows } = await web.db.pool.query<{ n: number }>(
    'select count(*)::int as n from dag_run_summary s join dag_run r using (dag_run_id, ended_at, revision)',
  );
  return rows[0]?.n ?? 0;
}

/** Rows of instances fetched so far. */
async function fetched(): Promise<number> {
  await web.db.pool.query('select pg_stat_force_next_flush()');
  const { rows } = await web.db.pool.query<{ n: number }>(
    `select sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0))::int as n from pg_stat_user_tables where relname = 'task_instance'`,
  );
  return rows[0]?.n ?? 0;
}

type Row = Readonly<Record<string, string | number | Date | null>>;

async function compareMany(): Promise<void> {
  const { rows } = await web.db.pool.query<Row>(
    `select ti.task_instance_id as id, ti.dag_run_id, r.dag_id, r.run_id, ti.task_id, ti.map_index, ti.state, ti.queue, ti.try_number,
            r.run_after, r.logical_date, ti.started_at as start_date, ti.ended_at as end_date
       from task_instance ti join dag_run r using (dag_run_id)`,
  );
  for (let index = 0; index < REQUESTS; index++) {
    const request = aRequest();
    const page = await listTaskInstances(web.db, request);
    const fitting = rows.filter((row) => request.filters.every((filter) => fits(row, filter))).sort(byOrder(request));
    const wanted = fitting.slice(request.offset, request.offset + request.limit).map((row) => row['id']);
    expect({ request, total: page.total, ids: page.rows.map((row) => row.task_instance_id) }).toEqual({
      request,
      total: fitting.length,
      ids: wanted,
    });
  }
}

function aRequest(): ListRequest {
  const day = () => new Date(FIRST_MS + dice.int(0, 42) * HOUR_MS + dice.int(0, 3) * 60_000);
  const range = (field: string): Filter => ({ field, operator: dice.pick(['gte', 'gt', 'lte', 'lt'] as const), value: day() });
  const filters: Filter[] = [
    { field: 'dag_id', operator: 'eq', value: dice.pick(['alpha', 'beta', 'gamma', 'nothing']) },
    { field: 'run_id', operator: 'any', value: ['run_1', 'run_2', 'run_30'] },
    { field: 'state', operator: 'any', value: dice.shuffled([...FINISHED_STATES, ...OPEN_STATES]).slice(0, dice.int(1, 4)) },
    { field: 'state', operator: 'none_of', value: ['removed', 'none'] },
    { field: 'task_id', operator: 'eq', value: dice.pick(['extract', 'load']) },
    { field: 'map_index', operator: 'gte', value: 0 },
    { field: 'queue', operator: 'any', value: ['gpu'] },
    range('start_date'),
    range('end_date'),
    range('run_after'),
  ].filter(() => dice.chance(0.18)) as Filter[];
  const fields = dice.shuffled(['start_date', 'end_date', 'map_index', 'run_after', 'logical_date', 'state', 'try_number']);
  return {
    filters,
    orderBy: fields.slice(0, dice.pick([0, 1, 1, 1, 2])).map((field) => ({ field, descending: dice.chance(0.5) })),
    limit: dice.pick([1, 5, 50]),
    offset: dice.pick([0, 0, 0, 3, 40, 10_000]),
  };
}

const comparable = (value: unknown) => (value instanceof Date ? value.getTime() : value) as string | number;

function fits(row: Row, { field, operator, value }: Filter): boolean {
  const own = row[field] ?? null;
  if (own === null) return false;
  if (operator === 'any') return (value as unknown[]).includes(own);
  if (operator === 'none_of') return !(value as unknown[]).includes(own);
  const [a, b] = [comparable(own), comparable(value)];
  return { eq: a === b, gte: a >= b, gt: a > b, lte: a <= b, lt: a < b }[operator as 'eq'];
}

/** Nulls last both ways; ties go the way of the first field. */
function byOrder({ orderBy }: ListRequest) {
  const isDown = orderBy[0]?.descending ?? false;
  const keys = [...orderBy, ...['dag_run_id', 'task_id', 'map_index'].map((field) => ({ field, descending: isDown }))];
  return (one: Row, other: Row): number => {
    for (const { field, descending } of keys) {
      const [a, b] = [one[field] ?? null, other[field] ?? null];
      if (a === null || b === null) {
        if (a === b) continue;
        return a === null ? 1 : -1;
      }
      const [x, y] = [comparable(a), comparable(b)];
      if (x !== y) return x < y === descending ? 1 : -1;
    }
    return 0;
  };
}
