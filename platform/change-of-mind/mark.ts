/** Marking: a person says what became of task instances or of a run. For the API and the CLI alike. */

import { type Reach, type TaskChoice, tasksToMark } from '#core/affected-tasks.ts';
import { isFinished, UNFINISHED_RUN_STATES } from '#core/states.ts';
import type { Queryable } from '../db/client.ts';
import type { DagRunRow } from '../db/queries/api/dag-run-row.ts';
import { clearInstances, type MarkEvent, markInstances } from '../db/queries/api/move-instances.ts';
import { setDagRunState, stopDagRun } from '../db/queries/api/set-dag-run-state.ts';
import type { TaskInstanceRow } from '../db/queries/api/task-instance-row.ts';
import { touchDagRuns } from '../db/queries/api/touch-dag-runs.ts';
import { probe } from '../probes/probe.ts';
import { chooseInstances, chooseRuns, idsOf } from './choose.ts';
import { requireDagVersion } from './lookups.ts';

export const MARK_STATES = ['success', 'failed', 'skipped'] as const;
export type MarkState = (typeof MARK_STATES)[number];

export const RUN_MARK_STATES = ['queued', 'success', 'failed'] as const;
export type RunMarkState = (typeof RUN_MARK_STATES)[number];

const EVENTS: Readonly<Record<MarkState, MarkEvent>> = { success: 'mark_success', failed: 'mark_failed', skipped: 'mark_skipped' };

export interface MarkRequest {
  readonly runs: readonly DagRunRow[];
  readonly tasks: readonly TaskChoice[];
  readonly reach: Reach;
  readonly includePast: boolean;
  readonly includeFuture: boolean;
  readonly state: MarkState;
}

/** The instances the request names, those that are in the state already among them. Throws NOT_FOUND, BAD_REQUEST (too much). */
export async function chooseToMark(db: Queryable, request: MarkRequest): Promise<readonly TaskInstanceRow[]> {
  const [first] = request.runs;
  if (first === undefined) return [];
  const { includePast, includeFuture, runs } = request;
  const chosen = await chooseRuns(db, { dagId: first.dag_id, runs, includePast, includeFuture, from: null, to: null });
  const instances: TaskInstanceRow[] = [];
  for (const [version, ofVersion] of Map.groupBy(chosen, (run) => run.version_number)) {
    const { spec } = await requireDagVersion(db, first.dag_id, version);
    // An older or newer version may lack the task: its runs have nothing to mark.
    const known = new Set([...spec.tasks.map((task) => task.taskId), ...spec.groups.map((group) => group.groupId)]);
    const isOwn = ofVersion.some((run) => runs.some((named) => named.run_id === run.run_id));
    const choices = isOwn ? request.tasks : request.tasks.filter((choice) => known.has(choice.taskId));
    const tasks = tasksToMark(spec, choices, { ...request.reach, state: request.state });
    instances.push(...(await chooseInstances(db, ofVersion, { tasks, states: null })));
  }
  return instances;
}

/** Marks, in the caller's transaction; after a success clears what had failed only because of it, as Airflow does. */
export async function markAll(tx: Queryable, chosen: readonly TaskInstanceRow[], state: MarkState, username: string): Promise<void> {
  const actor = `user:${username}`;
  await markInstances(tx, idsOf(chosen), { event: EVENTS[state], actor, reason: `marked ${state} by ${username}` });
  probe('mark.before_touch');
  const reopened = new Set<string>();
  if (state === 'success')
    for (const rows of Map.groupBy(chosen, (row) => row.dag_run_id).values()) {
      const failed = await failedBelow(tx, rows);
      if (failed.length === 0) continue;
      await clearInstances(tx, idsOf(failed), actor);
      reopened.add((failed[0] as TaskInstanceRow).dag_run_id);
    }
  const others = [...new Set(chosen.map((row) => row.dag_run_id))].filter((id) => !reopened.has(id));
  await touchDagRuns(tx, others, false);
  if (reopened.size > 0) await touchDagRuns(tx, [...reopened], true);
}

/** What failed downstream of the instances of one run. */
async function failedBelow(tx: Queryable, rows: readonly TaskInstanceRow[]): Promise<readonly TaskInstanceRow[]> {
  const [first] = rows;
  if (first === undefined) return [];
  const { spec } = await requireDagVersion(tx, first.dag_id, first.version_number);
  const known = new Set(spec.tasks.map((task) => task.taskId));
  const marked = new Set(rows.map((row) => row.task_id));
  const choices = [...marked].filter((taskId) => known.has(taskId)).map((taskId) => ({ taskId }));
  const around = tasksToMark(spec, choices, { upstream: false, downstream: true, state: 'success' });
  const below = around.filter((task) => !marked.has(task.taskId));
  if (below.length === 0) return [];
  return chooseInstances(tx, [first], { tasks: below, states: ['failed', 'upstream_failed'] });
}

/**
 * Marks a whole run, in the caller's transaction. success: every instance succeeds. failed: what runs fails, what has not
 * ended is skipped; teardowns go on, and the run fails after them. queued: only the run.
 */
export async function markRun(tx: Queryable, run: DagRunRow, state: RunMarkState, username: string): Promise<void> {
  const actor = `user:${username}`;
  const reason = `marked ${state} by ${username}`;
  const rows = state === 'queued' ? [] : await chooseInstances(tx, [run], { tasks: null, states: null });
  if (state === 'success')
    await markInstances(tx, idsOf(rows.filter((row) => row.state !== 'success')), { event: 'mark_success', actor, reason });
  if (state === 'failed') {
    const isActive = (row: TaskInstanceRow) => row.state === 'running' || row.state === 'restarting';
    const { spec } = await requireDagVersion(tx, run.dag_id, run.version_number);
    const teardowns = new Set(spec.tasks.filter((task) => task.isTeardown).map((task) => task.taskId));
    const unfinished = rows.filter((row) => !isFinished(row.state));
    const work = unfinished.filter((row) => !teardowns.has(row.task_id));
    await markInstances(tx, idsOf(work.filter(isActive)), { event: 'mark_failed', actor, reason });
    await markInstances(tx, idsOf(work.filter((row) => !isActive(row))), { event: 'mark_skipped', actor, reason });
    if (work.length < unfinished.length && isUnfinishedRun(run)) return stopDagRun(tx, run.dag_run_id, reason);
  }
  await setDagRunState(tx, run.dag_run_id, state, state === 'queued' ? null : reason);
}

function isUnfinishedRun(run: DagRunRow): boolean {
  return UNFINISHED_RUN_STATES.includes(run.state);
}
