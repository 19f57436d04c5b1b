/** /dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances: lists, one instance, its tries. `~` = any DAG or run. */
import type { z } from 'zod';
import { AppError } from '#core/errors.ts';
import { TASK_INSTANCE_STATES } from '#core/states.ts';
import type { Queryable } from '#platform/db/client.ts';
import type { Filter, ListRequest } from '#platform/db/list-query.ts';
import type { TaskInstanceKey } from '#platform/db/queries/api/find-task-instance.ts';
import { listAttemptsOf } from '#platform/db/queries/api/list-attempts-of.ts';
import { listTaskInstances } from '#platform/db/queries/api/list-task-instances.ts';
import {
  anyInteger,
  anyOf,
  anyState,
  exactly,
  ignored,
  instantRange,
  integer,
  listBody,
  listQuery,
  numberRange,
  pattern,
} from '../http/list-query-schema.ts';
import { type Route, route } from '../http/route.ts';
import * as runAnswers from './answers/runs.ts';
import { requireDagRun, requireTaskInstance } from './lookups.ts';
import { instancePath, mapIndexQuery, mappedInstancePath, runPath } from './path-ids.ts';
import { newestAttemptOfEachTry, taskInstanceHistoryShape, taskInstanceShape } from './shapes/task-instance.ts';

const ORDERING = {
  fields: {
    id: 'id',
    state: 'state',
    duration: 'duration',
    start_date: 'start_date',
    end_date: 'end_date',
    map_index: 'map_index',
    try_number: 'try_number',
    logical_date: 'logical_date',
    run_after: 'run_after',
    data_interval_start: 'data_interval_start',
    data_interval_end: 'data_interval_end',
    rendered_map_index: 'map_label',
    operator: 'operator',
  },
  default: ['map_index'],
};

const RANGES = {
  ...instantRange('run_after'),
  ...instantRange('logical_date'),
  ...instantRange('start_date'),
  ...instantRange('end_date'),
  ...numberRange('duration'),
};

const FILTERS = {
  ...RANGES,
  ...instantRange('updated_at'),
  task_id: exactly('task_id'),
  task_display_name_pattern: pattern('task_id'),
  dag_id_pattern: pattern('dag_id'),
  run_id_pattern: pattern('run_id'),
  state: anyState('state', TASK_INSTANCE_STATES),
  pool: anyOf('pool'),
  pool_name_pattern: pattern('pool'),
  queue: anyOf('queue'),
  queue_name_pattern: pattern('queue'),
  executor: ignored,
  version_number: anyInteger('version_number'),
  try_number: anyInteger('try_number'),
  operator: anyOf('operator'),
  operator_name_pattern: pattern('operator'),
  map_index: anyInteger('map_index'),
};

const BATCH_FILTERS = {
  ...RANGES,
  dag_ids: anyOf('dag_id'),
  dag_run_ids: anyOf('run_id'),
  task_ids: anyOf('task_id'),
  state: anyState('state', TASK_INSTANCE_STATES),
  pool: anyOf('pool'),
  queue: anyOf('queue'),
  executor: ignored,
};

const BASE = '/api/v2/dags/:dag_id/dagRuns/:dag_run_id/taskInstances';
const mappedTryPath = mappedInstancePath.extend({ task_try_number: integer });
const plainTryPath = instancePath.extend({ task_try_number: integer });

const lists: readonly Route[] = [
  route({
    method: 'GET',
    url: BASE,
    permission: 'viewer',
    summary: 'List task instances.',
    response: runAnswers.taskInstances,
    params: runPath,
    query: listQuery(FILTERS, ORDERING),
    handle: ({ db, params, query }) => instancesPage(db, params.dag_id, params.dag_run_id, query),
  }),
  route({
    method: 'POST',
    url: `${BASE}/list`,
    permission: 'viewer',
    summary: 'List task instances, with the filters in the body.',
    response: runAnswers.taskInstances,
    params: runPath,
    body: listBody(BATCH_FILTERS, ORDERING),
    handle: ({ db, params, body }) => instancesPage(db, params.dag_id, params.dag_run_id, body),
  }),
  route({
    method: 'GET',
    url: `${BASE}/:task_id/listMapped`,
    permission: 'viewer',
    summary: 'List the instances of a mapped task.',
    response: runAnswers.taskInstances,
    params: instancePath,
    query: listQuery(FILTERS, ORDERING),
    async handle({ db, params, query }) {
      const mapped: Filter[] = [
        { field: 'task_id', operator: 'eq', value: params.task_id },
        { field: 'map_index', operator: 'gte', value: 0 },
      ];
      const page = await instancesPage(db, params.dag_id, params.dag_run_id, { ...query, filters: [...query.filters, ...mapped] });
      if (page.total_entries === 0 && query.filters.length === 0) await requireTask(db, params.dag_id, params.dag_run_id, params.task_id);
      return page;
    },
  }),
];

const single: readonly Route[] = [
  route({
    method: 'GET',
    url: `${BASE}/:task_id`,
    permission: 'viewer',
    summary: 'One task instance that is not mapped.',
    response: runAnswers.taskInstance,
    params: instancePath,
    async handle({ db, params }) {
      return taskInstanceShape(await requireTaskInstance(db, keyOf(params, -1)));
    },
  }),
  route({
    method: 'GET',
    url: `${BASE}/:task_id/:map_index`,
    permission: 'viewer',
    summary: 'One mapped task instance.',
    response: runAnswers.taskInstance,
    params: mappedInstancePath,
    handle: async ({ db, params }) => taskInstanceShape(await requireTaskInstance(db, keyOf(params, params.map_index))),
  }),
  route({
    method: 'GET',
    url: `${BASE}/:task_id/tries`,
    permission: 'viewer',
    summary: 'All tries of a task instance.',
    response: runAnswers.taskTries,
    params: instancePath,
    query: mapIndexQuery,
    handle: ({ db, params, query }) => triesPage(db, keyOf(params, query.map_index)),
  }),
  route({
    method: 'GET',
    url: `${BASE}/:task_id/:map_index/tries`,
    permission: 'viewer',
    summary: 'All tries of a mapped task instance.',
    response: runAnswers.taskTries,
    params: mappedInstancePath,
    handle: ({ db, params }) => triesPage(db, keyOf(params, params.map_index)),
  }),
  route({
    method: 'GET',
    url: `${BASE}/:task_id/tries/:task_try_number`,
    permission: 'viewer',
    summary: 'One try of a task instance.',
    response: runAnswers.taskTry,
    params: plainTryPath,
    query: mapIndexQuery,
    handle: ({ db, params, query }) => oneTry(db, keyOf(params, query.map_index), params.task_try_number),
  }),
  route({
    method: 'GET',
    url: `${BASE}/:task_id/:map_index/tries/:task_try_number`,
    permission: 'viewer',
    summary: 'One try of a mapped task instance.',
    response: runAnswers.taskTry,
    params: mappedTryPath,
    handle: ({ db, params }) => oneTry(db, keyOf(params, params.map_index), params.task_try_number),
  }),
];

export const taskInstanceRoutes: readonly Route[] = [...lists, ...single];

type InstanceParams = z.infer<typeof instancePath>;

export function keyOf(params: InstanceParams, mapIndex: number): TaskInstanceKey {
  return { dagId: params.dag_id, runId: params.dag_run_id, taskId: params.task_id, mapIndex };
}

async function instancesPage(db: Queryable, dagId: string, runId: string, request: ListRequest) {
  if (dagId !== '~' && runId !== '~') await requireDagRun(db, dagId, runId);
  const filters: Filter[] = [...request.filters];
  if (dagId !== '~') filters.push({ field: 'dag_id', operator: 'eq', value: dagId });
  if (runId !== '~') filters.push({ field: 'run_id', operator: 'eq', value: runId });
  const page = await listTaskInstances(db, { ...request, filters });
  return { task_instances: page.rows.map(taskInstanceShape), total_entries: page.total };
}

async function requireTask(db: Queryable, dagId: string, runId: string, taskId: string): Promise<void> {
  const filters: Filter[] = [
    { field: 'dag_id', operator: 'eq', value: dagId },
    { field: 'run_id', operator: 'eq', value: runId },
    { field: 'task_id', operator: 'eq', value: taskId },
  ];
  const page = await listTaskInstances(db, { filters, orderBy: [], limit: 1, offset: 0 });
  if (page.total === 0) throw new AppError('TASK_INSTANCE_NOT_FOUND', `Task id ${taskId} not found`);
}

async function tries(db: Queryable, key: TaskInstanceKey) {
  const row = await requireTaskInstance(db, key);
  const attempts = newestAttemptOfEachTry(await listAttemptsOf(db, row.task_instance_id));
  const shapes = attempts.map((attempt) => taskInstanceHistoryShape(row, attempt));
  // A try that waits for its first attempt is a try too.
  return attempts.at(-1)?.try_number === row.try_number ? shapes : [...shapes, taskInstanceHistoryShape(row, null)];
}

async function triesPage(db: Queryable, key: TaskInstanceKey) {
  const shapes = await tries(db, key);
  return { task_instances: shapes, total_entries: shapes.length };
}

async function oneTry(db: Queryable, key: TaskInstanceKey, tryNumber: number) {
  const shape = (await tries(db, key)).find((candidate) => candidate.try_number === tryNumber);
  if (shape) return shape;
  throw new AppError(
    'TASK_INSTANCE_NOT_FOUND',
    `The Task Instance with dag_id: \`${key.dagId}\`, run_id: \`${key.runId}\`, task_id: \`${key.taskId}\`, try_number: \`${tryNumber}\` and map_index: \`${key.mapIndex}\` was not found`,
  );
}
