/** How a run ends: its leaves decide, once nothing is left to do. */
import type { RunModel, TaskState } from './run-model.ts';
import { tolerated } from './tolerance.ts';

export interface RunEnd {
  readonly state: 'success' | 'failed';
  readonly reason: string | null;
}

/** Null while something is unfinished. A run that was stopped has failed, whatever became of its leaves. */
export function decideEnd(run: RunModel): RunEnd | null {
  if (run.unfinished > 0) return null;
  if (run.row.stopReason) return { state: 'failed', reason: run.row.stopReason };
  const failed = leavesOf(run).filter((state) => tolerated(run, null, state.own, state).failed + state.own.upstreamFailed > 0);
  if (failed.length === 0) return { state: 'success', reason: null };
  const culprits = run.tasks
    .filter((state) => counts(state) && tolerated(run, null, state.own, state).failed > 0)
    .map((state) => state.task.spec.taskId);
  return {
    state: 'failed',
    reason:
      culprits.length > 0 ? `failed: ${listed(culprits)}` : `upstream failed: ${listed(failed.map((state) => state.task.spec.taskId))}`,
  };
}

/** Tasks that nothing follows but teardowns, and the teardowns whose failure counts. A DAG of teardowns has only those. */
function leavesOf(run: RunModel): readonly TaskState[] {
  const leaves = run.tasks.filter(
    (state) => counts(state) && (state.task.spec.isTeardown || state.task.downstream.every((number) => isTeardown(run, number))),
  );
  return leaves.length > 0 ? leaves : run.tasks.filter((state) => state.task.downstream.length === 0);
}

function counts({ task: { spec } }: TaskState): boolean {
  return !spec.isTeardown || spec.onFailureFailDagrun === true;
}

function isTeardown(run: RunModel, number: number): boolean {
  return run.tasks[number]?.task.spec.isTeardown === true;
}

/**
 * Tells that no instance can ever start: none is on its way, none waits for an instant, for the past or for a list that
 * is still to come. No rule leads there (each settles once its upstreams have ended); it guards runs against what is not
 * a rule, such as params without the list to map over. Asked when a look at everything has found nothing to do.
 */
export function findDeadlock(run: RunModel): RunEnd | null {
  if (run.unfinished === 0 || run.occupying + run.ready.size + run.timed.size + run.dirty.size + run.held.size > 0) return null;
  const stuck = [...run.byId.values()].filter((instance) => instance.state === 'none');
  if (stuck.length < run.unfinished) return null;
  const names = [...new Set(stuck.map((instance) => run.taskOf(instance).task.spec.taskId))];
  return { state: 'failed', reason: `all_tasks_deadlocked: ${listed(names)} can never start` };
}

function listed(names: readonly string[]): string {
  return names.length <= 5 ? names.join(', ') : `${names.slice(0, 5).join(', ')} and ${names.length - 5} more`;
}
