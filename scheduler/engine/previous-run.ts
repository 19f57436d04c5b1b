/** The run before one whose tasks look at the past. */
import { type PreviousRun, tasksWithPast } from '#core/scheduling/past.ts';
import type { RunModel } from '#core/scheduling/run-model.ts';
import type { Database } from '#platform/db/client.ts';
import { loadPreviousRun } from '#platform/db/queries/load-previous-run.ts';

/** Null = there is none. */
export function previousRunOf(db: Database, run: RunModel): Promise<PreviousRun | null> {
  return loadPreviousRun(db, {
    dagRunId: run.row.dagRunId,
    taskIds: tasksWithPast(run.index),
    onlyScheduled: run.index.spec.catchup === true,
  });
}
