/** Which queued runs may start now: not before their time, not past maxActiveRuns, not while the DAG is paused. */
import type { RunModel } from '#core/scheduling/run-model.ts';
import type { DagEntry, Memory } from './memory.ts';

export interface StartPlan {
  readonly start: readonly RunModel[];
  /** Earliest run_after that still lies ahead, ms; null = none. */
  readonly nextDueMs: number | null;
}

export function planStarts(memory: Memory, dag: DagEntry, nowMs: number): StartPlan {
  if (dag.row.isPaused) return { start: [], nextDueMs: null };
  const runs = [...memory.runsOf(dag.row.dagId)];
  const maxActiveRuns = dag.index?.spec.maxActiveRuns ?? 1;
  let free = maxActiveRuns - runs.filter((run) => run.row.state === 'running').length;
  const start: RunModel[] = [];
  let nextDueMs: number | null = null;
  for (const run of runs.filter((one) => one.row.state === 'queued').sort((a, b) => a.row.runAfterMs - b.row.runAfterMs)) {
    if (run.row.runAfterMs > nowMs) {
      nextDueMs = Math.min(nextDueMs ?? run.row.runAfterMs, run.row.runAfterMs);
      continue;
    }
    if (free <= 0) break;
    free -= 1;
    start.push(run);
  }
  return { start, nextDueMs };
}
