/**
 * Pages through task instances, of one run or of many. Called by the API and the pages. Locks nothing; zero rows = none fits.
 * What is shown beside an instance is looked up for the rows of the page only, and the total is exact. Where summaries of ended runs
 * answer the filters and the order (narrow-runs.ts), only instances of runs that can have a row of the page are read.
 */
import { assert } from '#core/errors.ts';
import type { Queryable } from '../../client.ts';
import { type ListPage, type ListRequest, OPERATORS } from '../../list-query.ts';
import { Parameters } from '../../parameters.ts';
import { type NarrowedRuns, narrowRuns, RUN_FIELDS } from './narrow-runs.ts';
import { TASK_INSTANCE_COLUMNS, TASK_INSTANCE_FROM, type TaskInstanceRow } from './task-instance-row.ts';

const INSTANCE_FIELDS: Readonly<Record<string, string>> = {
  id: 'ti.task_instance_id',
  task_id: 'ti.task_id',
  map_index: 'ti.map_index',
  map_label: 'ti.map_label',
  state: 'ti.state',
  pool: 'ti.pool',
  queue: 'ti.queue',
  operator: 'ti.operator',
  try_number: 'ti.try_number',
  start_date: 'ti.started_at',
  end_date: 'ti.ended_at',
  updated_at: 'coalesce(ti.ended_at, ti.started_at, ti.queued_at, ti.scheduled_at, r.queued_at)',
  duration: 'extract(epoch from ti.ended_at - ti.started_at)',
};
/** Makes the order total, so that pages neither overlap nor skip. It goes the way of the first field. */
const TIE_BREAK = ['ti.dag_run_id', 'ti.task_id', 'ti.map_index'];

export async function listTaskInstances(db: Queryable, request: ListRequest): Promise<ListPage<TaskInstanceRow>> {
  const at = new Parameters({ limit: request.limit, offset: request.offset, rows: request.limit + request.offset });
  const runs = narrowRuns(request, at);
  // Of one run, or of few, there is little to leave out.
  const isOfNamedRuns = request.filters.some(({ field }) => field === 'run_id');
  const text = runs.hasOtherFilters || isOfNamedRuns ? everyRunText(request, runs, at) : summedText(request, runs, at);
  const { rows } = await db.query<TaskInstanceRow & { readonly total: number }>(
    { name: 'list_task_instances', text, unprepared: true },
    at.values,
  );
  // The total comes also with a page that has no rows.
  return { rows: rows.filter((row) => row.task_instance_id !== null), total: rows[0]?.total ?? 0 };
}

/** Nothing is read of a run whose summary says how many of its instances fit, unless one of them may be on the page. */
function summedText(request: ListRequest, runs: NarrowedRuns, at: Parameters): string {
  const cut = runs.cutAfter(() => at.named('rows', 'bigint'));
  // By its key, run by run: `offset 0` keeps Postgres from reading the whole table instead.
  const ofRun = `run c join dag_run r on r.dag_run_id = c.dag_run_id
    cross join lateral (select * from task_instance ti where ${conditionsOf(request, at)} offset 0) ti`;
  return `
with run as materialized (${runs.text})${cut?.text ?? ''}, page as (
  select ti.task_instance_id from ${cut === null ? ofAny(request, runs, at) : `${ofRun} where ${cut.isNear}`} order by ${endOf(request, at)}
), total as (
  select ((select coalesce(sum(c.fitting), 0) from run c where c.is_summed) + (select count(*) from ${ofRun} where not c.is_summed))::int as total
)
${shown(request)}`;
}

/** The filters say something of which summaries know nothing. */
function everyRunText(request: ListRequest, runs: NarrowedRuns, at: Parameters): string {
  const source = ofAny(request, runs, at);
  return `
with page as (
  select ti.task_instance_id from ${source} order by ${endOf(request, at)}
), total as (
  select count(*)::int as total from ${source}
)
${shown(request)}`;
}

/** Postgres chooses how to find what fits. */
function ofAny(request: ListRequest, runs: NarrowedRuns, at: Parameters): string {
  return `(${runs.text}) c join dag_run r on r.dag_run_id = c.dag_run_id join task_instance ti on ${conditionsOf(request, at)}`;
}

function shown(request: ListRequest): string {
  const ofPage = TASK_INSTANCE_FROM.replace(
    'task_instance ti join dag_run r using (dag_run_id)',
    // By its key for each row, too, instead of reading all runs.
    `page join task_instance ti on ti.task_instance_id = page.task_instance_id
     cross join lateral (select * from dag_run where dag_run_id = ti.dag_run_id offset 0) r`,
  );
  return `select total.total, ti.* from total left join (
  select ${TASK_INSTANCE_COLUMNS}, row_number() over (order by ${orderOf(request)}) as place from ${ofPage}
) ti on true order by ti.place`;
}

/** On an instance of run `c`. */
function conditionsOf({ filters }: ListRequest, at: Parameters): string {
  const own = filters.filter((filter) => !Object.hasOwn(RUN_FIELDS, filter.field));
  const conditions = own.map((filter) => OPERATORS[filter.operator](expressionOf(filter.field), `$${at.next([filter.value])}`));
  return ['ti.dag_run_id = c.dag_run_id', ...conditions].join(' and ');
}

function endOf(request: ListRequest, at: Parameters): string {
  return `${orderOf(request)} limit ${at.named('limit', 'bigint')} offset ${at.named('offset', 'bigint')}`;
}

function orderOf({ orderBy }: ListRequest): string {
  const way = (descending: boolean) => (descending ? 'desc' : 'asc');
  const fields = orderBy.map(({ field, descending }) => `${expressionOf(field)} ${way(descending)} nulls last`);
  return [...fields, ...TIE_BREAK.map((expression) => `${expression} ${way(orderBy[0]?.descending ?? false)}`)].join(', ');
}

function expressionOf(field: string): string {
  const expression = Object.hasOwn(INSTANCE_FIELDS, field) ? INSTANCE_FIELDS[field] : RUN_FIELDS[field];
  assert(expression !== undefined, `list_task_instances has no field ${field}`);
  return expression;
}
