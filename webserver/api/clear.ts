/** POST /dags/{dag_id}/clearTaskInstances and …/dagRuns/{id}/clear: run things again. Dry run by default. */
import { z } from 'zod';
import { type Cleared, type ClearRequest, clear, previewClear } from '#platform/change-of-mind/clear.ts';
import { instant } from '../http/list-query-schema.ts';
import { principalOf, type Route, type RouteContext, route, type WebDeps } from '../http/route.ts';
import { invalidField } from '../http/validation.ts';
import * as runAnswers from './answers/runs.ts';
import { requireDagRun } from './lookups.ts';
import { dagPath, runPath } from './path-ids.ts';
import { ringStopped } from './ring-stopped.ts';
import { dagRunShape } from './shapes/dag-run.ts';
import { taskInstanceShape } from './shapes/task-instance.ts';
import { noteText, ringRun } from './trigger.ts';

const MAX_TASK_IDS = 10_000;
const MAX_RUNS = 1_000;

const taskChoice = z.union([z.string(), z.tuple([z.string()]), z.tuple([z.string(), z.number().int().min(-1)])]);

const clearBody = z.strictObject({
  dry_run: z.boolean().default(true),
  start_date: instant.nullish(),
  end_date: instant.nullish(),
  only_failed: z.boolean().default(true),
  only_running: z.boolean().default(false),
  reset_dag_runs: z.boolean().default(true),
  task_ids: z.array(taskChoice).max(MAX_TASK_IDS).nullish(),
  dag_run_id: z.string().nullish(),
  include_upstream: z.boolean().default(false),
  include_downstream: z.boolean().default(false),
  include_future: z.boolean().default(false),
  include_past: z.boolean().default(false),
  run_on_latest_version: z.boolean().default(false),
  prevent_running_task: z.boolean().default(false),
  note: noteText,
});
type ClearBody = z.infer<typeof clearBody>;

const clearRunBody = z.strictObject({
  dry_run: z.boolean().default(true),
  only_failed: z.boolean().default(false),
  only_new: z.boolean().default(false),
  run_on_latest_version: z.boolean().default(false),
  note: noteText,
});

export function clearRoutes(deps: WebDeps): readonly Route[] {
  return [
    route({
      method: 'POST',
      url: '/api/v2/dags/:dag_id/clearTaskInstances',
      permission: 'user',
      audit: 'task_instance.clear',
      summary: 'Clear task instances, so that they run again. Changes nothing unless dry_run is false.',
      response: runAnswers.taskInstances,
      params: dagPath,
      body: clearBody,
      async handle(context) {
        const { params, body } = context;
        refuseContradictions(body);
        const request: ClearRequest = {
          dagId: params.dag_id,
          runIds: body.dag_run_id == null ? [] : [body.dag_run_id],
          from: body.start_date ?? null,
          to: body.end_date ?? null,
          tasks:
            body.task_ids?.map((entry) => (typeof entry === 'string' ? { taskId: entry } : { taskId: entry[0], mapIndex: entry[1] })) ??
            null,
          reach: { upstream: body.include_upstream, downstream: body.include_downstream },
          includePast: body.include_past,
          includeFuture: body.include_future,
          only: body.only_failed ? 'failed' : body.only_running ? 'running' : null,
          resetDagRuns: body.reset_dag_runs,
          onLatestVersion: body.run_on_latest_version,
          preventRunningTask: body.prevent_running_task,
          note: body.note ?? null,
        };
        return instancesShape(await clearOrPreview(deps, context, request, body.dry_run));
      },
    }),
    route({
      method: 'POST',
      url: '/api/v2/dags/:dag_id/dagRuns/:dag_run_id/clear',
      permission: 'user',
      audit: 'dag_run.clear',
      summary: 'Clear a whole run, what failed in it, or only tasks that the newest version adds. Changes nothing unless dry_run is false.',
      response: runAnswers.taskInstances.or(runAnswers.dagRun),
      params: runPath,
      body: clearRunBody,
      async handle(context) {
        const { db, params, body } = context;
        const run = await requireDagRun(db, params.dag_id, params.dag_run_id);
        const cleared = await clearOrPreview(deps, context, wholeRun(run.dag_id, [run.run_id], body), body.dry_run);
        return body.dry_run ? instancesShape(cleared) : dagRunShape(await requireDagRun(db, run.dag_id, run.run_id));
      },
    }),
    route({
      method: 'POST',
      url: '/api/v2/dags/:dag_id/clearDagRuns',
      permission: 'user',
      audit: 'dag_run.clear_many',
      summary: 'Clear several runs at once. Changes nothing unless dry_run is false. Not in Airflow.',
      response: runAnswers.taskInstances,
      params: dagPath,
      body: clearRunBody.extend({ dag_run_ids: z.array(z.string()).min(1).max(MAX_RUNS) }),
      async handle(context) {
        const { params, body } = context;
        return instancesShape(await clearOrPreview(deps, context, wholeRun(params.dag_id, body.dag_run_ids, body), body.dry_run));
      },
    }),
  ];
}

function wholeRun(dagId: string, runIds: readonly string[], body: z.infer<typeof clearRunBody>): ClearRequest {
  return {
    dagId,
    runIds,
    tasks: null,
    reach: { upstream: false, downstream: false },
    includePast: false,
    includeFuture: false,
    only: body.only_new ? 'new' : body.only_failed ? 'failed' : null,
    resetDagRuns: true,
    // What is new can only come from the newest version.
    onLatestVersion: body.run_on_latest_version || body.only_new,
    preventRunningTask: false,
    note: body.note ?? null,
  };
}

type ClearContext = Pick<
  RouteContext<unknown, unknown, unknown>,
  'db' | 'audit' | 'afterCommit' | 'principal' | 'request' | 'reply' | 'params' | 'query' | 'body'
>;

async function clearOrPreview(deps: WebDeps, context: ClearContext, request: ClearRequest, isDryRun: boolean): Promise<Cleared> {
  const { db, audit, afterCommit } = context;
  if (isDryRun) return previewClear(db, request);
  const cleared = await clear(db, request, principalOf(context).username);
  const { dagId } = request;
  audit({
    dagId,
    ...(cleared.runIds.length === 1 && { runId: cleared.runIds[0] as string }),
    extra: {
      cleared: cleared.instances.length,
      runs: cleared.runIds,
      latest_version: request.onLatestVersion,
      ...auditElsewhere(dagId, cleared),
    },
  });
  afterCommit(() => {
    ringStopped(deps, cleared.instances);
    for (const runId of cleared.runIds) ringRun(deps, dagId, runId);
    for (const run of runsElsewhere(dagId, cleared)) ringRun(deps, run.dag_id, run.run_id);
  });
  return cleared;
}

/** Of other DAGs, by external task markers. */
function runsElsewhere(dagId: string, { instances }: Cleared) {
  return new Map(instances.filter((row) => row.dag_id !== dagId).map((row) => [row.dag_run_id, row])).values();
}

function auditElsewhere(dagId: string, cleared: Cleared) {
  const runs = [...runsElsewhere(dagId, cleared)].map((run) => ({ dag_id: run.dag_id, dag_run_id: run.run_id }));
  return runs.length === 0 ? {} : { elsewhere: runs };
}

function instancesShape({ instances }: Cleared) {
  return { task_instances: instances.map(taskInstanceShape), total_entries: instances.length };
}

function refuseContradictions(body: ClearBody): void {
  if (body.only_failed && body.only_running) throw invalidField(['body'], 'only_failed and only_running both are set to True');
  if (body.start_date && body.end_date && body.end_date < body.start_date)
    throw invalidField(['body'], 'end_date is sooner than start_date');
  if (body.dag_run_id != null && (body.start_date || body.end_date))
    throw invalidField(['body'], 'Cannot use both dag_run_id and start_date or end_date');
  if (body.task_ids?.length === 0) throw invalidField(['body', 'task_ids'], 'task_ids list should have at least 1 element.');
}
