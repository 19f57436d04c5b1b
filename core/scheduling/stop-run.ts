/**
 * When a run is stopped before its time: it took too long, or it fails fast. What has not ended is ended at once, but for
 * its teardowns: what was set up is still torn down, and then the run fails.
 */
import { formatDuration } from '../duration.ts';
import { isFinished } from '../states.ts';
import type { Instance, RunModel, TaskState } from './run-model.ts';
import { tolerated } from './tolerance.ts';

const FAIL_FAST = 'failFast: ';

export interface RunStop {
  readonly reason: string;
  /** What becomes of instances that a worker runs; all others are skipped. */
  readonly running: 'failed' | 'skipped';
}

/** When the run will time out, ms since 1970; null = never, or it has and only its teardowns are left. */
export function nextTimeout(run: RunModel, nowMs: number): number | null {
  const timeout = timeoutOf(run);
  return timeout !== null && timeout > nowMs ? timeout : null;
}

function timeoutOf(run: RunModel): number | null {
  const { dagrunTimeoutMs } = run.index.spec;
  return dagrunTimeoutMs === null || run.row.startedAtMs === null ? null : run.row.startedAtMs + dagrunTimeoutMs;
}

/** Why everything unfinished but the teardowns is to end now; null = the run goes on. Asked again, it says the same. */
export function findStop(run: RunModel, nowMs: number): RunStop | null {
  if (run.unfinished === 0) return null;
  const stop = timeUp(run, nowMs) ?? failedFast(run);
  return stop !== null && stoppable(run).length > 0 ? stop : null;
}

/** Airflow's word for why a run failed: it may have been stopped before its time. */
export function failureReason(run: RunModel): 'timed_out' | 'task_failure' {
  const { stopReason } = run.row;
  return stopReason && !stopReason.startsWith(FAIL_FAST) ? 'timed_out' : 'task_failure';
}

/** What a stop ends. */
export function stoppable(run: RunModel): readonly Instance[] {
  return run.tasks.flatMap((state) => (state.task.spec.isTeardown ? [] : state.instances.filter((one) => !isFinished(one.state))));
}

function timeUp(run: RunModel, nowMs: number): RunStop | null {
  const timeout = timeoutOf(run);
  if (timeout === null || timeout > nowMs) return null;
  const words = formatDuration(run.index.spec.dagrunTimeoutMs as number);
  return { reason: `the run took longer than its dagrunTimeout of ${words}`, running: 'skipped' };
}

/** What failed before the run was started anew does not count, nor what a map tolerates. */
function failedFast(run: RunModel): RunStop | null {
  if (!run.index.spec.failFast) return null;
  const failed = run.tasks.find(
    (state) => hasFailed(run, state) && state.instances.some((one) => one.state === 'failed' && !one.failedBefore),
  );
  return failed ? { reason: `failFast: ${failed.task.spec.taskId} failed`, running: 'failed' } : null;
}

/** A teardown's failure counts for the run only if it says so, and so it does here. */
function hasFailed(run: RunModel, state: TaskState): boolean {
  const { spec } = state.task;
  if (state.own.failed === 0 || (spec.isTeardown && spec.onFailureFailDagrun !== true)) return false;
  return tolerated(run, null, state.own, state).failed > 0;
}
