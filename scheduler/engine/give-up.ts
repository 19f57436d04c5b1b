/** When a DAG is given up for a while: its newest runs all failed. */
import type { RunModel } from '#core/scheduling/run-model.ts';
import { pauseFailingDag } from '#platform/db/queries/pause-failing-dag.ts';
import type { EngineDeps } from './deps.ts';

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
