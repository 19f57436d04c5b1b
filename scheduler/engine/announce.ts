/** What the log, plugins and pages are told after a commit. Never waited for. */
import type { Instance, RunModel } from '#core/scheduling/run-model.ts';
import type { DagRunState } from '#core/states.ts';
import type { EngineDeps, EngineEvent } from './deps.ts';

const RUN_EVENTS: Readonly<Partial<Record<DagRunState, EngineEvent['type']>>> = {
  running: 'dag_run_running',
  success: 'dag_run_success',
  failed: 'dag_run_failed',
};

/** A run has moved to the state its model is in now. */
export function announceRun(deps: EngineDeps, run: RunModel, reason: string | null): void {
  const { state, dagId, runId } = run.row;
  deps.logger.info({ event: `dag_run.${state}`, dag_id: dagId, run_id: runId, reason }, `run ${state}`);
  const type = RUN_EVENTS[state];
  if (type) deps.notify({ type, dagId, runId, reason });
}

/** An instance has failed, and no try is left. */
export function announceFailure(deps: EngineDeps, run: RunModel, instance: Instance): void {
  const { dagId, runId } = run.row;
  const { taskId } = run.taskOf(instance).task.spec;
  deps.notify({ type: 'task_instance_failed', dagId, runId, taskId, mapIndex: instance.mapIndex, reason: instance.reason });
}

/** The topics of pages that show these runs. */
export function topicsOf(runs: Iterable<RunModel>): readonly string[] {
  const topics = new Set<string>();
  for (const { row } of runs) {
    topics.add('dags');
    topics.add(`dag:${row.dagId}`);
    topics.add(`run:${row.dagId}/${row.runId}`);
  }
  return [...topics];
}
