/** Which callbacks follow from what the scheduler decides. Whoever is skipped or stopped by a rule gets none, as in Airflow. */
import type { CallbackReason } from '#core/callbacks.ts';
import type { Instance, RunModel } from '#core/scheduling/run-model.ts';
import type { DagRunState, TaskInstanceState } from '#core/states.ts';
import type { FlushedCallback } from '#platform/db/queries/flush-scheduling.ts';

/** Of an instance that the scheduler itself gives up. */
export function callbacksOfInstance(run: RunModel, instance: Instance, to: TaskInstanceState): readonly FlushedCallback[] {
  if (to !== 'failed') return [];
  const names = run.taskOf(instance).task.spec.callbacks?.on_failure ?? [];
  const { dagRunId } = run.row;
  return names.map((name, position) => ({
    dagRunId,
    taskInstanceId: instance.id,
    kind: 'on_failure',
    position,
    name,
    reason: 'task_failure',
  }));
}

/** Of a run that ends. */
export function callbacksOfRun(run: RunModel, to: DagRunState, reason: CallbackReason): readonly FlushedCallback[] {
  if (to !== 'success' && to !== 'failed') return [];
  const kind = to === 'success' ? 'on_success' : 'on_failure';
  const names = run.index.spec.callbacks?.[kind] ?? [];
  return names.map((name, position) => ({ dagRunId: run.row.dagRunId, taskInstanceId: null, kind, position, name, reason }));
}
