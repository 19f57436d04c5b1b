/**
 * Which queued runs may start now: not before their time, not past maxActiveRuns, not while the DAG is paused. Runs
 * of a backfill come after all others and have the backfill's own limit and pause.
 */
import type { RunModel } from '#core/scheduling/run-model.ts';
import { describeInstant } from '#core/why.ts';
import type { FlushBuilder } from './flush-builder.ts';
import type { DagEntry, Memory } from './memory.ts';

export interface RunStarts {
  readonly started: readonly RunModel[];
  /** Those that wait, with the reason in words. */
  readonly waiting: readonly { readonly run: RunModel; readonly words: string }[];
  /** Earliest run_after that still lies ahead, ms; null = none. */
  readonly nextDueMs: number | null;
}

export function startRuns(memory: Memory, dag: DagEntry, nowMs: number, flush: FlushBuilder): RunStarts {
  const runs = [...memory.runsOf(dag.row.dagId)];
  const active = new Map<number | null, number>();
  const activeBeside = (run: RunModel) => active.get(limitOf(run)) ?? 0;
  const take = (run: RunModel) => active.set(limitOf(run), activeBeside(run) + 1);
  for (const run of runs) if (run.row.state === 'running') take(run);
  const started: RunModel[] = [];
  const waiting: { run: RunModel; words: string }[] = [];
  let nextDueMs: number | null = null;
  for (const run of runs.filter((one) => one.row.state === 'queued').sort(inOrder)) {
    const words = whyNot(run, dag, activeBeside(run), nowMs);
    if (words !== null) {
      waiting.push({ run, words });
      if (run.row.runAfterMs > nowMs && !dag.row.isPaused) nextDueMs = Math.min(nextDueMs ?? run.row.runAfterMs, run.row.runAfterMs);
      continue;
    }
    take(run);
    flush.moveRun(run, 'running', null);
    run.row.reason = null;
    run.row.startedAtMs ??= nowMs;
    run.markAllDirty();
    started.push(run);
  }
  return { started, waiting, nextDueMs };
}

/** Why the run may not start now, in words; null = it may. */
function whyNot(run: RunModel, dag: DagEntry, active: number, nowMs: number): string | null {
  const { backfill, runAfterMs } = run.row;
  if (dag.row.isPaused) return 'the DAG is paused: unpause it and this run starts';
  if (runAfterMs > nowMs) return `the run is not due before ${describeInstant(runAfterMs)}`;
  if (backfill?.isPaused) return 'the backfill of this run is paused: let it go on and this run starts';
  if (backfill)
    return active < backfill.maxActiveRuns
      ? null
      : `maxActiveRuns of its backfill reached: ${active} of ${backfill.maxActiveRuns} runs are active`;
  const max = dag.index?.spec.maxActiveRuns ?? 1;
  return active < max ? null : `maxActiveRuns reached: ${active} of ${max} runs of this DAG are active`;
}

/** Which limit a run counts against: its backfill's, or (null) the DAG's. */
function limitOf(run: RunModel): number | null {
  return run.row.backfill?.backfillId ?? null;
}

function inOrder(a: RunModel, b: RunModel): number {
  const [first, second] = [a.row.backfill ?? null, b.row.backfill ?? null];
  if (first === null && second === null) return a.row.runAfterMs - b.row.runAfterMs;
  if (first === null || second === null) return first === null ? -1 : 1;
  return first.backfillId - second.backfillId || first.ordinal - second.ordinal;
}
