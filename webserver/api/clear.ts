/** POST /dags/{dag_id}/clearTaskInstances and …/dagRuns/{id}/clear: run things again. Dry run by default. */
import { z } from 'zod';
import { AppError } from '#core/errors.ts';
import type { Queryable } from '#platform/db/client.ts';
import type { DagRunRow } from '#platform/db/queries/api/dag-run-row.ts';
import { clearInstances } from '#platform/db/queries/api/move-instances.ts';
import { setTaskInstanceNote } from '#platform/db/queries/api/set-task-instance-note.ts';
import type { TaskInstanceRow } from '#platform/db/queries/api/task-instance-row.ts';
import { touchDagRuns } from '#platform/db/queries/api/touch-dag-runs.ts';
import { instant } from '../http/list-query-schema.ts';
import { principalOf, type Route, route, type WebDeps } from '../http/route.ts';
import { invalidField } from '../http/validation.ts';
import { chooseInstances, chooseRuns, chooseTasksToClear, type TaskChoice } from './choose-instances.ts';
import { requireDagRun, requireDagVersion } from './lookups.ts';
import { dagPath, runPath } from './path-ids.ts';
import { dagRunShape } from './shapes/dag-run.ts';
import { taskInstanceShape } from './shapes/task-instance.ts';
import { noteText, ringRun } from './trigger.ts';

const FAILED = ['failed', 'upstream_failed'];
const RUNNING = ['running'];
const MAX_TASK_IDS = 10_000;

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
});

export function clearRoutes(deps: WebDeps): readonly Route[] {
  return [
    route({
      method: 'POST',
      url: '/api/v2/dags/:dag_id/clearTaskInstances',
      permission: 'user',
      audit: 'task_instance.clear',
      summary: 'Clear task instances, so that they run again. Changes nothing unless dry_run is false.',
      params: dagPath,
      body: clearBody,
      async handle(context) {
        const { db, params, body, audit, afterCommit } = context;
        refuseContradictions(body);
        const chosen = await chosenInstances(db, params.dag_id, body);
        if (!body.dry_run) {
          const actor = `user:${principalOf(context).username}`;
          await clearChosen(db, chosen, { actor, reopen: body.reset_dag_runs });
          if (body.note != null) await setTaskInstanceNote(db, idsOf(chosen), body.note);
          audit({ dagId: params.dag_id, extra: { cleared: chosen.length, runs: runIdsOf(chosen) } });
          afterCommit(() => {
            for (const runId of runIdsOf(chosen)) ringRun(deps, params.dag_id, runId);
          });
        }
        return { task_instances: chosen.map(taskInstanceShape), total_entries: chosen.length };
      },
    }),
    route({
      method: 'POST',
      url: '/api/v2/dags/:dag_id/dagRuns/:dag_run_id/clear',
      permission: 'user',
      audit: 'dag_run.clear',
      summary: 'Clear a whole run, or what failed in it. Changes nothing unless dry_run is false.',
      params: runPath,
      body: clearRunBody,
      async handle(context) {
        const { db, params, body, audit, afterCommit } = context;
        refuseOtherVersion(body.run_on_latest_version);
        const run = await requireDagRun(db, params.dag_id, params.dag_run_id);
        const chosen = await chooseInstances(db, [run], { tasks: null, states: body.only_failed ? FAILED : null });
        if (body.dry_run) return { task_instances: chosen.map(taskInstanceShape), total_entries: chosen.length };
        await clearChosen(db, chosen, { actor: `user:${principalOf(context).username}`, reopen: true, run });
        audit({ dagId: run.dag_id, runId: run.run_id, extra: { cleared: chosen.length } });
        afterCommit(() => ringRun(deps, run.dag_id, run.run_id));
        return dagRunShape(await requireDagRun(db, run.dag_id, run.run_id));
      },
    }),
  ];
}

function refuseContradictions(body: ClearBody): void {
  refuseOtherVersion(body.run_on_latest_version);
  if (body.only_failed && body.only_running) throw invalidField(['body'], 'only_failed and only_running both are set to True');
  if (body.start_date && body.end_date && body.end_date < body.start_date)
    throw invalidField(['body'], 'end_date is sooner than start_date');
  if (body.dag_run_id != null && (body.start_date || body.end_date))
    throw invalidField(['body'], 'Cannot use both dag_run_id and start_date or end_date');
  if (body.task_ids?.length === 0) throw invalidField(['body', 'task_ids'], 'task_ids list should have at least 1 element.');
}

/** A run is pinned to the version of its DAG that it began with. */
function refuseOtherVersion(runOnLatestVersion: boolean): void {
  if (runOnLatestVersion)
    throw new AppError(
      'BAD_REQUEST',
      'run_on_latest_version is not supported: a run keeps its DAG version. Trigger a new run to use the latest one.',
    );
}

async function chosenInstances(db: Queryable, dagId: string, body: ClearBody): Promise<readonly TaskInstanceRow[]> {
  const run = body.dag_run_id == null ? null : await requireDagRun(db, dagId, body.dag_run_id);
  const { spec } = await requireDagVersion(db, dagId, run?.version_number ?? null);
  const runs = await chooseRuns(db, {
    dagId,
    run,
    includePast: body.include_past,
    includeFuture: body.include_future,
    from: body.start_date ?? null,
    to: body.end_date ?? null,
  });
  const choices = body.task_ids?.map(toChoice) ?? null;
  const states = body.only_failed ? FAILED : body.only_running ? RUNNING : null;
  const chosen = await chooseInstances(db, runs, { tasks: chooseTasksToClear(spec.tasks, choices, body), states });
  const running = chosen.find((row) => row.state === 'running');
  if (body.prevent_running_task && running)
    throw new AppError(
      'CONFLICT',
      `Task '${running.task_id}' of run '${running.run_id}' is running: it was not cleared, and nothing else was.`,
    );
  return chosen;
}

function toChoice(entry: z.infer<typeof taskChoice>): TaskChoice {
  return typeof entry === 'string' ? { taskId: entry } : { taskId: entry[0], mapIndex: entry[1] };
}

async function clearChosen(
  db: Queryable,
  chosen: readonly TaskInstanceRow[],
  how: { readonly actor: string; readonly reopen: boolean; readonly run?: DagRunRow },
): Promise<void> {
  if (chosen.length > 0) await clearInstances(db, idsOf(chosen), how.actor);
  const runs = new Set(chosen.map((row) => row.dag_run_id));
  if (how.run) runs.add(how.run.dag_run_id);
  await touchDagRuns(db, [...runs], how.reopen);
}

function idsOf(rows: readonly TaskInstanceRow[]): readonly string[] {
  return rows.map((row) => row.task_instance_id);
}

function runIdsOf(rows: readonly TaskInstanceRow[]): readonly string[] {
  return [...new Set(rows.map((row) => row.run_id))];
}
