/** /dags/{dag_id}/dagRuns/{dag_run_id}/callbacks and …/deadlines: not in Airflow's REST API. `~` = any DAG or run. */
import { CALLBACK_KINDS, CALLBACK_STATES } from '#core/callbacks.ts';
import type { Filter, ListRequest } from '#platform/db/list-query.ts';
import { type CallbackRow, listCallbacks } from '#platform/db/queries/callbacks/list-callbacks.ts';
import { type DeadlineRow, listDeadlines } from '#platform/db/queries/callbacks/list-deadlines.ts';
import { iso } from '../http/iso.ts';
import { anyInteger, anyState, exactly, flag, instantRange, listQuery } from '../http/list-query-schema.ts';
import { type Route, route } from '../http/route.ts';
import * as runAnswers from './answers/runs.ts';
import { runPath } from './path-ids.ts';

const BASE = '/api/v2/dags/:dag_id/dagRuns/:dag_run_id';

export const callbackRoutes: readonly Route[] = [
  route({
    method: 'GET',
    url: `${BASE}/callbacks`,
    permission: 'viewer',
    summary: 'List the calls of callbacks, with what became of them. Not in Airflow.',
    response: runAnswers.callbacks,
    params: runPath,
    query: listQuery(
      {
        ...instantRange('created_at'),
        task_id: exactly('task_id'),
        map_index: anyInteger('map_index'),
        state: anyState('state', CALLBACK_STATES),
        kind: anyState('kind', CALLBACK_KINDS),
      },
      { fields: { created_at: 'created_at', state: 'state' }, default: ['-created_at'] },
    ),
    async handle({ db, params, query }) {
      const page = await listCallbacks(db, within(params, query));
      return { callbacks: page.rows.map(callbackShape), total_entries: page.total };
    },
  }),
  route({
    method: 'GET',
    url: `${BASE}/deadlines`,
    permission: 'viewer',
    summary: 'List the deadlines of runs: open, met and missed. Not in Airflow.',
    response: runAnswers.deadlines,
    params: runPath,
    query: listQuery(
      { ...instantRange('due_at'), missed: flag('is_missed') },
      { fields: { due_at: 'due_at', missed_at: 'missed_at', name: 'name' }, default: ['due_at'] },
    ),
    async handle({ db, params, query }) {
      const page = await listDeadlines(db, within(params, query));
      return { deadlines: page.rows.map(deadlineShape), total_entries: page.total };
    },
  }),
];

function within(ids: { readonly dag_id: string; readonly dag_run_id: string }, query: ListRequest): ListRequest {
  const filters: Filter[] = [
    { field: 'dag_id', operator: 'eq', value: ids.dag_id },
    { field: 'run_id', operator: 'eq', value: ids.dag_run_id },
  ];
  return { ...query, filters: [...query.filters, ...filters.filter(({ value }) => value !== '~')] };
}

function callbackShape(row: CallbackRow) {
  return {
    id: row.callback_id,
    dag_id: row.dag_id,
    dag_run_id: row.run_id,
    task_id: row.task_id,
    map_index: row.map_index ?? -1,
    deadline: row.deadline_name,
    kind: row.kind,
    name: row.name,
    reason: row.reason,
    message: row.message,
    try_number: row.try_number,
    state: row.state,
    tries: row.tries,
    next_try_at: row.state === 'pending' ? iso(row.next_try_at) : null,
    error: row.failure === null ? null : { name: row.failure.name, message: row.failure.message },
    created_at: iso(row.created_at),
    started_at: iso(row.started_at),
    ended_at: iso(row.ended_at),
  };
}

function deadlineShape(row: DeadlineRow) {
  return {
    id: row.deadline_id,
    dag_id: row.dag_id,
    dag_run_id: row.run_id,
    name: row.name,
    due_at: iso(row.due_at),
    status: row.status,
    missed: row.status === 'missed',
    missed_at: iso(row.missed_at),
    callbacks: row.callbacks,
  };
}
