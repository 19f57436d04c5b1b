/** /dags/{dag_id}/dagRuns/{dag_run_id}/…/hitlDetails: what tasks ask people, and the answers. `~` = any DAG or run. */
import { z } from 'zod';
import { AppError } from '#core/errors.ts';
import { TASK_INSTANCE_STATES } from '#core/states.ts';
import { answerApproval } from '#platform/approvals/answer-approval.ts';
import type { Queryable } from '#platform/db/client.ts';
import type { Filter } from '#platform/db/list-query.ts';
import { listAttemptsOf } from '#platform/db/queries/api/list-attempts-of.ts';
import type { ApprovalRow } from '#platform/db/queries/approvals/approval-row.ts';
import { findApprovalOf } from '#platform/db/queries/approvals/find-approval.ts';
import { listApprovals } from '#platform/db/queries/approvals/list-approvals.ts';
import type { Resolved } from '#platform/db/queries/waiting/resolve-waiters.ts';
import { iso } from '../http/iso.ts';
import { anyInteger, anyState, contains, exactly, flag, instantRange, integer, listQuery, pattern } from '../http/list-query-schema.ts';
import { principalOf, type Route, route, type WebDeps } from '../http/route.ts';
import * as runAnswers from './answers/runs.ts';
import { requireTaskInstance } from './lookups.ts';
import { mappedInstancePath, runPath } from './path-ids.ts';
import { taskInstanceHistoryShape, taskInstanceShape } from './shapes/task-instance.ts';
import { keyOf } from './task-instances.ts';

const FILTERS = {
  ...instantRange('created_at'),
  dag_id_pattern: pattern('dag_id'),
  task_id: exactly('task_id'),
  task_id_pattern: pattern('task_id'),
  map_index: anyInteger('map_index'),
  state: anyState('state', TASK_INSTANCE_STATES),
  response_received: flag('is_answered'),
  responded_by_user_id: exactly('responded_by'),
  responded_by_user_name: exactly('responded_by'),
  subject_search: contains('subject'),
  body_search: contains('body'),
};

const ORDERING = {
  fields: {
    ti_id: 'task_instance_id',
    subject: 'subject',
    responded_at: 'responded_at',
    created_at: 'created_at',
    responded_by_user_id: 'responded_by',
    responded_by_user_name: 'responded_by',
    dag_id: 'dag_id',
    run_id: 'run_id',
    task_display_name: 'task_id',
    run_after: 'run_after',
    rendered_map_index: 'map_index',
    task_instance_operator: 'task_id',
    task_instance_state: 'state',
  },
  default: ['ti_id'],
};

const answerBody = z.strictObject({
  chosen_options: z.array(z.string().min(1).max(250)).min(1).max(50),
  params_input: z.record(z.string(), z.unknown()).default({}),
});

const BASE = '/api/v2/dags/:dag_id/dagRuns/:dag_run_id';
const OF_INSTANCE = `${BASE}/taskInstances/:task_id/:map_index/hitlDetails`;

export function hitlDetailRoutes(deps: WebDeps): readonly Route[] {
  return [
    route({
      method: 'GET',
      url: `${BASE}/hitlDetails`,
      permission: 'viewer',
      summary: 'List what tasks ask people, answered or not.',
      response: runAnswers.hitlDetails,
      params: runPath,
      query: listQuery(FILTERS, ORDERING),
      async handle({ db, params, query }) {
        const ids: Filter[] = [
          { field: 'dag_id', operator: 'eq', value: params.dag_id },
          { field: 'run_id', operator: 'eq', value: params.dag_run_id },
        ];
        const page = await listApprovals(db, { ...query, filters: [...query.filters, ...ids.filter(({ value }) => value !== '~')] });
        return { hitl_details: page.rows.map(detailShape), total_entries: page.total };
      },
    }),
    route({
      method: 'GET',
      url: OF_INSTANCE,
      permission: 'viewer',
      summary: 'What a task instance asks.',
      response: runAnswers.hitlDetail,
      params: mappedInstancePath,
      handle: async ({ db, params }) => detailShape(await requireApproval(db, params)),
    }),
    route({
      method: 'GET',
      url: `${OF_INSTANCE}/tries/:try_number`,
      permission: 'viewer',
      summary: 'What a try of a task instance asked.',
      response: runAnswers.hitlTry,
      params: mappedInstancePath.extend({ try_number: integer }),
      async handle({ db, params }) {
        const row = await requireApproval(db, params, params.try_number);
        const attempt = (await listAttemptsOf(db, row.task_instance_id)).findLast((one) => one.try_number === params.try_number) ?? null;
        return { ...detailShape(row), task_instance: taskInstanceHistoryShape(row, attempt) };
      },
    }),
    route({
      method: 'PATCH',
      url: OF_INSTANCE,
      permission: 'user',
      audit: 'approval.answer',
      summary: 'Answer what a task instance asks. The first answer counts.',
      response: runAnswers.hitlAnswer,
      params: mappedInstancePath,
      body: answerBody,
      async handle(context) {
        const { db, params, body, audit, afterCommit } = context;
        const row = await requireApproval(db, params);
        const by = principalOf(context).username;
        const { at, form, resolved } = await answerApproval(db, row, { chosen: body.chosen_options, form: body.params_input, by });
        audit({
          dagId: row.dag_id,
          runId: row.run_id,
          taskId: row.task_id,
          mapIndex: row.map_index,
          extra: { subject: row.subject, chosen: body.chosen_options },
        });
        afterCommit(() => ringAnswered(deps, resolved));
        return { responded_by: { id: by, name: by }, responded_at: iso(at), chosen_options: body.chosen_options, params_input: form };
      },
    }),
  ];
}

function ringAnswered({ broker }: WebDeps, resolved: readonly Resolved[]): void {
  broker.ring('task_instances_ended', { shards: resolved.map((one) => one.shard), ids: resolved.map((one) => one.taskInstanceId) });
  const topics = resolved.flatMap(({ dagId, runId }) => [`dag:${dagId}`, `run:${dagId}/${runId}`]);
  broker.ring('ui_events', { topics: ['dags', ...topics] });
}

async function requireApproval(
  db: Queryable,
  params: z.infer<typeof mappedInstancePath>,
  tryNumber: number | null = null,
): Promise<ApprovalRow> {
  const key = keyOf(params, params.map_index);
  const row = await findApprovalOf(db, key, tryNumber);
  if (row !== null && (tryNumber !== null || row.closed_as !== 'withdrawn')) return row;
  await requireTaskInstance(db, key);
  throw new AppError('NOT_FOUND', `The task instance ${key.taskId} asks nothing${tryNumber === null ? '' : ` in try ${tryNumber}`}.`);
}

const userOf = (name: string) => ({ id: name, name });

/** HITLDetail. */
export function detailShape(row: ApprovalRow) {
  return {
    options: row.options,
    subject: row.subject,
    body: row.body,
    defaults: row.defaults.length === 0 ? null : row.defaults,
    multiple: row.multiple,
    params: paramsShape(row),
    assigned_users: row.assignees.map(userOf),
    created_at: iso(row.asked_at),
    responded_by_user: row.responded_by === null ? null : userOf(row.responded_by),
    responded_at: iso(row.responded_at),
    chosen_options: row.chosen,
    params_input: row.form ?? {},
    response_received: row.responded_at !== null,
    task_instance: taskInstanceShape(row),
  };
}

/** As Airflow writes params: name -> {value, description, schema}. */
function paramsShape({ form_schema: schema, form_defaults: defaults }: ApprovalRow): object {
  const properties = (schema?.['properties'] ?? {}) as Readonly<Record<string, { description?: unknown } | null>>;
  return Object.fromEntries(
    Object.entries(properties).map(([name, property]) => [
      name,
      { value: defaults[name] ?? null, description: property?.description ?? null, schema: property ?? {} },
    ]),
  );
}
