/** What the pages show of questions to people, callbacks and deadlines. */
import { z } from 'zod';
import { CALLBACK_LIMITS } from '#core/callbacks.ts';
import { AppError } from '#core/errors.ts';
import type { Queryable } from '#platform/db/client.ts';
import type { Filter } from '#platform/db/list-query.ts';
import type { ApprovalRow } from '#platform/db/queries/approvals/approval-row.ts';
import { countOpenApprovals } from '#platform/db/queries/approvals/count-open-approvals.ts';
import { findApprovalOf } from '#platform/db/queries/approvals/find-approval.ts';
import { listApprovals } from '#platform/db/queries/approvals/list-approvals.ts';
import { type CallbackRow, listCallbacks } from '#platform/db/queries/callbacks/list-callbacks.ts';
import { type DeadlineRow, listDeadlines } from '#platform/db/queries/callbacks/list-deadlines.ts';
import { callbackLogPath } from '#platform/logs/log-path.ts';
import { readLog } from '#platform/logs/log-reader.ts';
import { instancePath, mapIndexQuery, runPath } from '../api/path-ids.ts';
import { keyOf } from '../api/task-instances.ts';
import { iso } from '../http/iso.ts';
import { integer } from '../http/list-query-schema.ts';
import { principalOf, type Route, route, type WebDeps } from '../http/route.ts';
import type { UiApproval, UiApprovalList, UiCallback, UiDeadline, UiDeadlineList, UiRunExtras } from './people-types.ts';
import type { UiLogLine } from './types.ts';

const LISTED_MAX = 100;
const LOG_BYTES = 256 * 1024;
const RUN = '/ui/api/dags/:dag_id/runs/:dag_run_id';

const pageQuery = z.object({
  state: z.enum(['open', 'answered']).default('open'),
  limit: integer.default(25),
  offset: integer.default(0),
});
const deadlineQuery = z.object({
  status: z.enum(['missed', 'open', 'met']).default('missed'),
  limit: integer.default(25),
  offset: integer.default(0),
});
const callbackPath = runPath.extend({ callback_id: z.string().regex(/^[0-9a-f-]{36}$/) });

export function peopleRoutes(deps: WebDeps): readonly Route[] {
  return [
    route({
      method: 'GET',
      url: '/ui/api/approvals',
      permission: 'viewer',
      summary: 'What tasks ask people.',
      query: pageQuery,
      async handle(context): Promise<UiApprovalList> {
        const { db, query } = context;
        const isOpen = query.state === 'open';
        const page = await listApprovals(db, {
          filters: [{ field: isOpen ? 'is_open' : 'is_answered', operator: 'eq', value: true }],
          orderBy: [isOpen ? { field: 'created_at', descending: false } : { field: 'responded_at', descending: true }],
          ...bounds(query),
        });
        const openForMe = await countOpenApprovals(db, principalOf(context).username);
        return { approvals: page.rows.map(uiApproval), total: page.total, openForMe };
      },
    }),
    route({
      method: 'GET',
      url: `${RUN}/tasks/:task_id/approval`,
      permission: 'viewer',
      summary: 'What one task instance asks, or null.',
      params: instancePath,
      query: mapIndexQuery,
      async handle({ db, params, query }): Promise<{ approval: UiApproval | null }> {
        const row = await findApprovalOf(db, keyOf(params, query.map_index));
        return { approval: row === null ? null : uiApproval(row) };
      },
    }),
    route({
      method: 'GET',
      url: `${RUN}/extras`,
      permission: 'viewer',
      summary: 'The callbacks and deadlines of a run.',
      params: runPath,
      handle: ({ db, params }) => readExtras(db, params.dag_id, params.dag_run_id),
    }),
    route({
      method: 'GET',
      url: `${RUN}/callbacks/:callback_id/log`,
      permission: 'viewer',
      summary: 'The log of a callback, its newest part.',
      params: callbackPath,
      async handle({ db, params }): Promise<{ lines: readonly UiLogLine[] }> {
        const filters = ofRun(params.dag_id, params.dag_run_id);
        const found = await listCallbacks(db, {
          filters: [...filters, { field: 'callback_id', operator: 'eq', value: params.callback_id }],
          orderBy: [],
          limit: 1,
          offset: 0,
        });
        if (found.total === 0) throw new AppError('NOT_FOUND', 'This run has no such callback.');
        const key = { dagId: params.dag_id, runId: params.dag_run_id, callbackId: params.callback_id };
        const { lines } = await readLog(callbackLogPath(deps.config.logsFolder, key), -LOG_BYTES, LOG_BYTES);
        return { lines: lines.map(({ timestamp, level, source, event }) => ({ timestamp, level, source, message: event })) };
      },
    }),
    route({
      method: 'GET',
      url: '/ui/api/deadlines',
      permission: 'viewer',
      summary: 'Deadlines of runs: missed, open or met.',
      query: deadlineQuery,
      async handle({ db, query }): Promise<UiDeadlineList> {
        const page = await listDeadlines(db, {
          filters: [{ field: 'status', operator: 'eq', value: query.status }],
          orderBy: [{ field: 'due_at', descending: query.status !== 'open' }],
          ...bounds(query),
        });
        return { deadlines: page.rows.map(uiDeadline), total: page.total };
      },
    }),
  ];
}

function bounds({ limit, offset }: { readonly limit: number; readonly offset: number }) {
  return { limit: Math.max(1, Math.min(limit, LISTED_MAX)), offset: Math.max(0, offset) };
}

function ofRun(dagId: string, runId: string): readonly Filter[] {
  return [
    { field: 'dag_id', operator: 'eq', value: dagId },
    { field: 'run_id', operator: 'eq', value: runId },
  ];
}

async function readExtras(db: Queryable, dagId: string, runId: string): Promise<UiRunExtras> {
  const request = { filters: ofRun(dagId, runId), limit: LISTED_MAX, offset: 0 };
  const callbacks = await listCallbacks(db, { ...request, orderBy: [{ field: 'created_at', descending: true }] });
  const deadlines = await listDeadlines(db, { ...request, orderBy: [{ field: 'due_at', descending: false }] });
  return { callbacks: callbacks.rows.map(uiCallback), callbackTotal: callbacks.total, deadlines: deadlines.rows.map(uiDeadline) };
}

function uiApproval(row: ApprovalRow): UiApproval {
  return {
    id: row.approval_id,
    dagId: row.dag_id,
    runId: row.run_id,
    taskId: row.task_id,
    mapIndex: row.map_index,
    mapLabel: row.map_label,
    tryNumber: row.asked_try,
    subject: row.subject,
    body: row.body,
    options: row.options,
    defaults: row.defaults,
    multiple: row.multiple,
    formSchema: row.form_schema,
    formDefaults: row.form_defaults,
    assignees: row.assignees,
    askedAt: iso(row.asked_at),
    timeoutAt: iso(row.timeout_at),
    status: row.closed_as ?? (row.responded_at === null ? 'open' : 'answered'),
    chosen: row.chosen,
    form: row.form,
    respondedBy: row.responded_by,
    respondedAt: iso(row.responded_at),
  };
}

function uiCallback(row: CallbackRow): UiCallback {
  return {
    id: row.callback_id,
    taskId: row.task_id,
    mapIndex: row.map_index ?? -1,
    deadline: row.deadline_name,
    kind: row.kind,
    name: row.name,
    reason: row.reason,
    message: row.message,
    tryNumber: row.try_number,
    state: row.state,
    tries: row.tries,
    triesMax: CALLBACK_LIMITS.triesMax,
    nextTryAt: row.state === 'pending' && row.tries > 0 ? iso(row.next_try_at) : null,
    worker: row.lease_owner,
    error: row.failure === null ? null : { name: row.failure.name, message: row.failure.message },
    createdAt: iso(row.created_at),
    startedAt: iso(row.started_at),
    endedAt: iso(row.ended_at),
  };
}

function uiDeadline(row: DeadlineRow): UiDeadline {
  return {
    id: row.deadline_id,
    dagId: row.dag_id,
    runId: row.run_id,
    runState: row.run_state,
    runEndedAt: iso(row.run_ended_at),
    name: row.name,
    dueAt: iso(row.due_at),
    status: row.status,
    callbacks: row.callbacks,
  };
}
