/** PATCH of a task instance or a run: mark as success, failed or skipped, and the note. */
import { z } from 'zod';
import { isFinished } from '#core/states.ts';
import type { Queryable } from '#platform/db/client.ts';
import type { DagRunRow } from '#platform/db/queries/api/dag-run-row.ts';
import type { TaskInstanceKey } from '#platform/db/queries/api/find-task-instance.ts';
import { clearInstances, type MarkEvent, markInstances } from '#platform/db/queries/api/move-instances.ts';
import { setDagRunNote } from '#platform/db/queries/api/set-dag-run-note.ts';
import { setDagRunState } from '#platform/db/queries/api/set-dag-run-state.ts';
import { setTaskInstanceNote } from '#platform/db/queries/api/set-task-instance-note.ts';
import type { TaskInstanceRow } from '#platform/db/queries/api/task-instance-row.ts';
import { touchDagRuns } from '#platform/db/queries/api/touch-dag-runs.ts';
import { integer } from '../http/list-query-schema.ts';
import { principalOf, type Route, type RouteContext, route, type WebDeps } from '../http/route.ts';
import { chooseInstances, chooseRuns, chooseTasks } from './choose-instances.ts';
import { requireDagRun, requireDagVersion, requireTaskInstance } from './lookups.ts';
import { instancePath, mappedInstancePath, runPath } from './path-ids.ts';
import { dagRunShape } from './shapes/dag-run.ts';
import { taskInstanceShape } from './shapes/task-instance.ts';
import { keyOf } from './task-instances.ts';
import { noteText, ringRun } from './trigger.ts';
import { maskedFields, updateMaskQuery } from './update-mask.ts';

const MARK_EVENTS: Readonly<Record<'success' | 'failed' | 'skipped', MarkEvent>> = {
  success: 'mark_success',
  failed: 'mark_failed',
  skipped: 'mark_skipped',
};

const maskQuery = updateMaskQuery.extend({ map_index: integer.optional() });
const instanceBody = z.strictObject({
  new_state: z.enum(['success', 'failed', 'skipped']).nullish(),
  note: noteText,
  include_upstream: z.boolean().default(false),
  include_downstream: z.boolean().default(false),
  include_future: z.boolean().default(false),
  include_past: z.boolean().default(false),
});
type InstanceBody = z.infer<typeof instanceBody>;

const runBody = z.strictObject({ state: z.enum(['queued', 'success', 'failed']).nullish(), note: noteText });

const BASE = '/api/v2/dags/:dag_id/dagRuns/:dag_run_id/taskInstances/:task_id';

export function markRoutes(deps: WebDeps): readonly Route[] {
  const common = { method: 'PATCH', permission: 'user', query: maskQuery, body: instanceBody } as const;
  return [
    route({
      ...common,
      url: BASE,
      audit: 'task_instance.mark',
      summary: 'Mark a task instance, or all instances of a mapped task; set its note.',
      params: instancePath,
      handle: (context) => patchInstance(deps, context, keyOf(context.params, context.query.map_index ?? -1), { isDryRun: false }),
    }),
    route({
      ...common,
      url: `${BASE}/:map_index`,
      audit: 'task_instance.mark',
      summary: 'Mark one mapped task instance; set its note.',
      params: mappedInstancePath,
      handle: (context) => patchInstance(deps, context, keyOf(context.params, context.params.map_index), { isDryRun: false }),
    }),
    route({
      ...common,
      url: `${BASE}/dry_run`,
      audit: 'task_instance.mark_dry_run',
      summary: 'Which instances the PATCH would mark.',
      params: instancePath,
      handle: (context) => patchInstance(deps, context, keyOf(context.params, context.query.map_index ?? -1), { isDryRun: true }),
    }),
    route({
      ...common,
      url: `${BASE}/:map_index/dry_run`,
      audit: 'task_instance.mark_dry_run',
      summary: 'Which instances the PATCH would mark.',
      params: mappedInstancePath,
      handle: (context) => patchInstance(deps, context, keyOf(context.params, context.params.map_index), { isDryRun: true }),
    }),
    route({
      method: 'PATCH',
      url: '/api/v2/dags/:dag_id/dagRuns/:dag_run_id',
      permission: 'user',
      audit: 'dag_run.patch',
      summary: 'Mark a whole run as success or failed, queue it, or set its note.',
      params: runPath,
      query: maskQuery,
      body: runBody,
      async handle(context) {
        const { db, params, query, body, audit, afterCommit } = context;
        const fields = maskedFields(query.update_mask, body, ['state', 'note']);
        const run = await requireDagRun(db, params.dag_id, params.dag_run_id);
        if (fields.has('state') && body.state) await markRun(db, run, body.state, principalOf(context).username);
        if (fields.has('note') && body.note !== undefined) await setDagRunNote(db, run.dag_run_id, body.note ?? null);
        audit({ dagId: run.dag_id, runId: run.run_id, extra: { state: body.state ?? null, has_note: body.note !== undefined } });
        afterCommit(() => ringRun(deps, run.dag_id, run.run_id));
        return dagRunShape(await requireDagRun(db, run.dag_id, run.run_id));
      },
    }),
  ];
}

type PatchContext = Pick<
  RouteContext<unknown, z.infer<typeof maskQuery>, InstanceBody>,
  'db' | 'query' | 'body' | 'audit' | 'afterCommit' | 'principal'
>;

async function patchInstance(deps: WebDeps, context: PatchContext, key: TaskInstanceKey, how: { readonly isDryRun: boolean }) {
  const { db, body } = context;
  const fields = maskedFields(context.query.update_mask, body, ['new_state', 'note']);
  const username = context.principal?.username ?? '';
  const run = await requireDagRun(db, key.dagId, key.runId);
  const chosen = await instancesToMark(db, run, key, body);
  const newState = fields.has('new_state') ? body.new_state : null;
  if (!how.isDryRun) {
    if (newState) await markAll(db, chosen, newState, username);
    if (fields.has('note') && body.note !== undefined) await setTaskInstanceNote(db, idsOf(chosen), body.note ?? null);
    context.audit({
      dagId: key.dagId,
      runId: key.runId,
      taskId: key.taskId,
      mapIndex: key.mapIndex,
      extra: { new_state: newState ?? null, marked: chosen.length },
    });
    context.afterCommit(() => {
      for (const runId of new Set(chosen.map((row) => row.run_id))) ringRun(deps, key.dagId, runId);
    });
  }
  const marked = await chooseInstances(db, await chooseRunsOf(db, run, body), { tasks: choicesOf(chosen), states: null });
  const changed = how.isDryRun ? chosen.filter((row) => row.state !== newState) : marked;
  return { task_instances: changed.map(taskInstanceShape), total_entries: changed.length };
}

async function instancesToMark(
  db: Queryable,
  run: DagRunRow,
  key: TaskInstanceKey,
  body: InstanceBody,
): Promise<readonly TaskInstanceRow[]> {
  const { spec } = await requireDagVersion(db, run.dag_id, run.version_number);
  const isMapped = spec.tasks.some((task) => task.taskId === key.taskId && task.mapScope !== null);
  // Without an index the PATCH of a mapped task means all its instances, as in Airflow.
  const mapIndex = key.mapIndex < 0 && isMapped ? undefined : key.mapIndex;
  if (mapIndex !== undefined) await requireTaskInstance(db, key);
  const tasks = chooseTasks(spec.tasks, [{ taskId: key.taskId, mapIndex }], body);
  return chooseInstances(db, await chooseRunsOf(db, run, body), { tasks, states: null });
}

function chooseRunsOf(db: Queryable, run: DagRunRow, body: InstanceBody) {
  return chooseRuns(db, {
    dagId: run.dag_id,
    run,
    includePast: body.include_past,
    includeFuture: body.include_future,
    from: null,
    to: null,
  });
}

/** Marks, and after a success clears what had failed only because of it, as Airflow does. */
async function markAll(
  db: Queryable,
  chosen: readonly TaskInstanceRow[],
  state: 'success' | 'failed' | 'skipped',
  username: string,
): Promise<void> {
  const actor = `user:${username}`;
  await markInstances(db, idsOf(chosen), { event: MARK_EVENTS[state], actor, reason: `marked ${state} by ${username}` });
  const reopened = new Set<string>();
  if (state === 'success')
    for (const [, rows] of Map.groupBy(chosen, (row) => row.dag_run_id)) {
      const run = await requireDagRun(db, rows[0]!.dag_id, rows[0]!.run_id);
      const { spec } = await requireDagVersion(db, run.dag_id, run.version_number);
      const chosenTasks = rows.map((row) => ({ taskId: row.task_id }));
      const around = chooseTasks(spec.tasks, chosenTasks, { include_upstream: false, include_downstream: true }) ?? [];
      const downstream = around.filter((task) => !rows.some((row) => row.task_id === task.taskId));
      if (downstream.length === 0) continue;
      const failed = await chooseInstances(db, [run], { tasks: downstream, states: ['failed', 'upstream_failed'] });
      if (failed.length === 0) continue;
      await clearInstances(db, idsOf(failed), actor);
      reopened.add(run.dag_run_id);
    }
  const runs = [...new Set(chosen.map((row) => row.dag_run_id))];
  await touchDagRuns(
    db,
    runs.filter((id) => !reopened.has(id)),
    false,
  );
  if (reopened.size > 0) await touchDagRuns(db, [...reopened], true);
}

/** success: every instance succeeds. failed: what runs fails, what has not ended is skipped. queued: only the run. */
async function markRun(db: Queryable, run: DagRunRow, state: 'queued' | 'success' | 'failed', username: string): Promise<void> {
  const actor = `user:${username}`;
  const reason = `marked ${state} by ${username}`;
  const rows = state === 'queued' ? [] : await chooseInstances(db, [run], { tasks: null, states: null });
  if (state === 'success')
    await markInstances(db, idsOf(rows.filter((row) => row.state !== 'success')), { event: 'mark_success', actor, reason });
  if (state === 'failed') {
    const isActive = (row: TaskInstanceRow) => row.state === 'running' || row.state === 'restarting';
    await markInstances(db, idsOf(rows.filter(isActive)), { event: 'mark_failed', actor, reason });
    await markInstances(db, idsOf(rows.filter((row) => !isActive(row) && !isFinished(row.state))), {
      event: 'mark_skipped',
      actor,
      reason,
    });
  }
  await setDagRunState(db, run.dag_run_id, state, state === 'queued' ? null : reason);
}

function choicesOf(rows: readonly TaskInstanceRow[]) {
  return rows.map((row) => ({ taskId: row.task_id, mapIndex: row.map_index }));
}

function idsOf(rows: readonly TaskInstanceRow[]): readonly string[] {
  return rows.map((row) => row.task_instance_id);
}
