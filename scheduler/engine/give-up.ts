/** When a run is given up: it took too long, it fails fast, or its DAG failed too often in a row. */
import { formatDuration } from '#core/duration.ts';
import type { RunModel } from '#core/scheduling/run-model.ts';
import { pauseFailingDag } from '#platform/db/queries/pause-failing-dag.ts';
import type { EngineDeps } from './deps.ts';

/** When the run times out, ms since 1970; null = never. */
export function timeoutOf(run: RunModel): number | null {
  const { dagrunTimeoutMs } = run.index.spec;
  return dagrunTimeoutMs === null || run.row.startedAtMs === null ? null : run.row.startedAtMs + dagrunTimeoutMs;
}

/** Why everything unfinished of this run is to be skipped now, in words; null = it goes on. */
export function reasonToAbandon(run: RunModel, nowMs: number): string | null {
  const { failFast, dagrunTimeoutMs } = run.index.spec;
  const timeout = timeoutOf(run);
  if (run.unfinished === 0) return null;
  if (timeout !== null && timeout <= nowMs)
    return `the run took longer than its dagrunTimeout of ${formatDuration(dagrunTimeoutMs as number)}`;
  const failed = failFast ? run.tasks.find((state) => state.own.failed > 0) : undefined;
  return failed ? `failFast: ${failed.task.spec.taskId} failed` : null;
}

/** Pauses the DAG of a failed run when its newest runs all failed. Never rejects. */
export async function pauseIfFailing(deps: EngineDeps, run: RunModel): Promise<boolean> {
  const count = run.index.spec.maxConsecutiveFailedDagRuns;
  const { dagId } = run.row;
  if (run.row.state !== 'failed' || count === 0) return false;
  const paused = await pauseFailingDag(deps.db, dagId, count).catch((error: unknown) => {
    deps.logger.warn(
      { event: 'dag.pause_failed', dag_id: dagId, err: error },
      'could not check whether the DAG is to be paused; its next failure checks again',
    );
    return false;
  });
  if (!paused) return false;
  deps.logger.warn(
    { event: 'dag.paused', dag_id: dagId },
    `DAG ${dagId} was paused: its last ${count} runs failed (maxConsecutiveFailedDagRuns)`,
  );
  deps.broker.ring('ui_events', { topics: ['dags', `dag:${dagId}`] });
  return true;
}
