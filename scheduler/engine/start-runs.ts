/**
 * Which queued runs may start now: not before their time, not past maxActiveRuns, not while the DAG is paused. Runs
 * of a backfill come after all others and have the backfill's own limit and pause.
 */
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
  const free = new Map<number | null, number>();
  const freeFor = (run: RunModel) => free.get(limitOf(run)) ?? maxActiveRunsFor(run, dag);
  const take = (run: RunModel) => free.set(limitOf(run), freeFor(run) - 1);
  for (const run of runs) if (run.row.state === 'running') take(run);
  const start: RunModel[] = [];
  let nextDueMs: number | null = null;
  for (const run of runs.filter((one) => one.row.state === 'queued').sort(inOrder)) {
    if (run.row.runAfterMs > nowMs) {
      nextDueMs = Math.min(nextDueMs ?? run.row.runAfterMs, run.row.runAfterMs);
      continue;
    }
    if (freeFor(run) <= 0) continue;
    take(run);
    start.push(run);
  }
  return { start, nextDueMs };
}

/** Which limit a run counts against: its backfill's, or (null) the DAG's. */
function limitOf(run: RunModel): number | null {
  return run.row.backfill?.backfillId ?? null;
}

function maxActiveRunsFor(run: RunModel, dag: DagEntry): number {
  const { backfill } = run.row;
  if (backfill) return backfill.isPaused ? 0 : backfill.maxActiveRuns;
  return dag.index?.spec.maxActiveRuns ?? 1;
}

function inOrder(a: RunModel, b: RunModel): number {
  const [first, second] = [a.row.backfill ?? null, b.row.backfill ?? null];
  if (first === null && second === null) return a.row.runAfterMs - b.row.runAfterMs;
  if (first === null || second === null) return first === null ? -1 : 1;
  return first.backfillId - second.backfillId || first.ordinal - second.ordinal;
}
