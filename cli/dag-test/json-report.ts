/**
 * What `windlass dags test --json` prints: the final state of every task instance, so that any rule can be checked from
 * outside. The form is documented in docs/testing.md; fields may be added, none is renamed or removed.
 */
import type { MemoryRunResult } from './memory-run.ts';

export interface TestedRun {
  readonly dagId: string;
  readonly runId: string;
  readonly result: MemoryRunResult;
}

/** Tasks in topological order, the instances of a mapped task by index. */
export function jsonReport({ dagId, runId, result }: TestedRun): object {
  return {
    dag_id: dagId,
    run_id: runId,
    state: result.state,
    reason: result.reason,
    task_instances: result.instances.map(({ task, mapIndex, mapLabel, state, reason, tryNumber, followed }) => ({
      task_id: task.taskId,
      map_index: mapIndex,
      map_label: mapLabel,
      state,
      reason,
      try_number: tryNumber,
      max_tries: task.retries,
      operator: task.operator,
      trigger_rule: task.triggerRule,
      followed,
    })),
  };
}
