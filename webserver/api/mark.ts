/** PATCH of a task instance or a run: mark as success, failed or skipped, and the note. */
import { z } from 'zod';
import { chooseInstances } from '#platform/change-of-mind/choose.ts';
import { chooseToMark, MARK_STATES, type MarkState, markAll, markRun, RUN_MARK_STATES } from '#platform/change-of-mind/mark.ts';
import type { Queryable } from '#platform/db/client.ts';
import type { DagRunRow } from '#platform/db/queries/api/dag-run-row.ts';
import type { TaskInstanceKey } from '#platform/db/queries/api/find-task-instance.ts';
import { setDagRunNote } from '#platform/db/queries/api/set-dag-run-note.ts';
import { setTaskInstanceNote } from '#platform/db/queries/api/set-task-instance-note.ts';
import type { TaskInstanceRow } from '#platform/db/queries/api/task-instance-row.ts';
import { integer } from '../http/list-query-schema.ts';
import { principalOf, type Route, type RouteContext, route, type WebDeps } from '../http/route.ts';
import * as runAnswers from './answers/runs.ts';
import { requireDagRun, requireDagVersion, requireTaskInstance } from './lookups.ts';
import { instancePath, mappedInstancePath, runPath } from './path-ids.ts';
import { ringStopped } from './ring-stopped.ts';
import { dagRunShape } from './shapes/dag-run.ts';
import { taskInstanceShape } from './shapes/task-instance.ts';
import { keyOf } from './task-instances.ts';
import { noteText, ringRun } from './trigger.ts';
import { maskedFields, updateMaskQuery } from './update-mask.ts';

const maskQuery = updateMaskQuery.extend({ map_index: integer.optional() });
const instanceBody = z.strictObject({
  new_state: z.enum(MARK_STATES).nullish(),
  note: noteText,
  include_upstream: z.boolean().default(false),
  include_downstream: z.boolean().default(false),
  include_future: z.boolean().default(false),
  include_past: z.boolean().default(false),
});
type InstanceBody = z.infer<typeof instanceBody>;

const runBody = z.strictObject({ state: z.enum(RUN_MARK_STATES).nullish(), note: noteText });

const BASE = '/api/v2/dags/:dag_id/dagRuns/:dag_run_id/taskInstances/:task_id';

export function markRoutes(deps: WebDeps): readonly Route[] {
  const common = { method: 'PATCH', permission: 'user', query: maskQuery, body: instanceBody } as const;
  return [
    route({
      ...common,
      url: BASE,
      audit: 'task_instance.mark',
      summary: 'Mark a task instance, all instances of a mapped task, or all of a task group; set its note.',
      response: runAnswers.taskInstances,
      params: instancePath,
      handle: (context) => patchInstance(deps, context, keyOf(context.params, context.query.map_index ?? -1), { isDryRun: false }),
    }),
    route({
      ...common,
      url: `${BASE}/:map_index`,
      audit: 'task_instance.mark',
      summary: 'Mark one mapped task instance; set its note.',
      response: runAnswers.taskInstances,
      params: mappedInstancePath,
      handle: (context) => patchInstance(deps, context, keyOf(context.params, context.params.map_index), { isDryRun: false }),
    }),
    route({
      ...common,
      url: `${BASE}/dry_run`,
      audit: 'task_instance.mark_dry_run',
      summary: 'Which instances the PATCH would mark.',
      response: runAnswers.taskInstances,
      params: instancePath,
      handle: (context) => patchInstance(deps, context, keyOf(context.params, context.query.map_index ?? -1), { isDryRun: true }),
    }),
    route({
      ...common,
      url: `${BASE}/:map_index/dry_run`,
      audit: 'task_instance.mark_dry_run',
      summary: 'Which instances the PATCH would mark.',
      response: runAnswers.taskInstances,
      params: mappedInstancePath,
      handle: (context) => patchInstance(deps, context, keyOf(context.params, context.params.map_index), { isDryRun: true }),
    }),
    route({
      method: 'PATCH',
      url: '/api/v2/dags/:dag_id/dagRuns/:dag_run_id',
      permission: 'user',
      audit: 'dag_run.patch',
      summary: 'Mark a whole run as success or failed, queue it, or set its note.',
      response: runAnswers.dagRun,
      params: runPath,
      query: maskQuery,
      body: runBody,
      async handle(context) {
        const { db, params, query, body, audit, afterCommit } = context;
        const fields = maskedFields(query.update_mask, body, ['state', 'note']);
        const run = await requireDagRun(db, params.dag_id, params.dag_run_id);
        const { username } = principalOf(context);
        const before = await chooseInstances(db, [run], { tasks: null, states: ['running'] });
        if (fields.has('state') && body.state) await markRun(db, run, body.state, username);
        if (fields.has('note') && body.note !== undefined) await setDagRunNote(db, run.dag_run_id, body.note ?? null, username);
        audit({ dagId: run.dag_id, runId: run.run_id, extra: { state: body.state ?? null, has_note: body.note !== undefined } });
        afterCommit(() => {
          ringStopped(deps, before);
          ringRun(deps, run.dag_id, run.run_id);
        });
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
  const newState = fields.has('new_state') ? (body.new_state ?? null) : null;
  const chosen = await instancesToMark(db, run, key, body, newState);
  if (!how.isDryRun) {
    if (newState !== null) await markAll(db, chosen, newState, username);
    if (fields.has('note') && body.note !== undefined) await setTaskInstanceNote(db, idsOf(chosen), body.note ?? null, username);
    context.audit({
      dagId: key.dagId,
      runId: key.runId,
      taskId: key.taskId,
      mapIndex: key.mapIndex,
      extra: { new_state: newState, marked: chosen.length },
    });
    context.afterCommit(() => {
      ringStopped(deps, chosen);
      for (const runId of new Set(chosen.map((row) => row.run_id))) ringRun(deps, key.dagId, runId);
    });
  }
  const changed = how.isDryRun ? chosen.filter((row) => row.state !== newState) : await readAgain(db, chosen);
  return { task_instances: changed.map(taskInstanceShape), total_entries: changed.length };
}

async function instancesToMark(
  db: Queryable,
  run: DagRunRow,
  key: TaskInstanceKey,
  body: InstanceBody,
  state: MarkState | null,
): Promise<readonly TaskInstanceRow[]> {
  const { spec } = await requireDagVersion(db, run.dag_id, run.version_number);
  const task = spec.tasks.find((candidate) => candidate.taskId === key.taskId);
  const isGroup = task === undefined && spec.groups.some((group) => group.groupId === key.taskId);
  // Without an index the PATCH of a mapped task means all its instances, as in Airflow; that of a group, all of its tasks.
  const mapIndex = key.mapIndex < 0 && (isGroup || (task?.mapScope ?? null) !== null) ? undefined : key.mapIndex;
  if (mapIndex !== undefined) await requireTaskInstance(db, key);
  return chooseToMark(db, {
    runs: [run],
    tasks: [{ taskId: key.taskId, mapIndex }],
    reach: { upstream: body.include_upstream, downstream: body.include_downstream },
    includePast: body.include_past,
    includeFuture: body.include_future,
    state: state ?? 'success',
  });
}

async function readAgain(db: Queryable, chosen: readonly TaskInstanceRow[]): Promise<readonly TaskInstanceRow[]> {
  const tasks = chosen.map((row) => ({ taskId: row.task_id, mapIndex: row.map_index }));
  const runs = [...new Map(chosen.map((row) => [row.run_id, row])).values()];
  const ids = new Set(idsOf(chosen));
  return (await chooseInstances(db, runs, { tasks, states: null })).filter((row) => ids.has(row.task_instance_id));
}

function idsOf(rows: readonly TaskInstanceRow[]): readonly string[] {
  return rows.map((row) => row.task_instance_id);
}
