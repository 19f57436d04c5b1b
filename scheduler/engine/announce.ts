/** What the log and pages are told after a commit. Never waited for. (Plugins read `plugin_event`.) */

import type { RunModel } from '#core/scheduling/run-model.ts';
import { probe } from '#platform/probes/probe.ts';
import type { EngineDeps } from './deps.ts';

/** A run has moved to the state its model is in now. */
export function announceRun(deps: EngineDeps, run: RunModel, reason: string | null): void {
  const { state, dagId, runId } = run.row;
  if (state !== 'running') probe('finishDagRun.after_commit');
  deps.logger.info({ event: `dag_run.${state}`, dag_id: dagId, run_id: runId, reason }, `run ${state}`);
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
