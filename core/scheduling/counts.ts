/** Counters of upstream instances by how they ended, kept up to date so that a finish costs its out-edges only. */
import type { TaskInstanceState } from '../states.ts';
import type { UpstreamCounts } from '../trigger-rules.ts';

export type MutableCounts = { -readonly [K in keyof UpstreamCounts]: number };

export function emptyCounts(): MutableCounts {
  return { total: 0, success: 0, failed: 0, upstreamFailed: 0, skipped: 0, removed: 0 };
}

const FIELD: Readonly<Partial<Record<TaskInstanceState, Exclude<keyof UpstreamCounts, 'total'>>>> = {
  success: 'success',
  failed: 'failed',
  upstream_failed: 'upstreamFailed',
  skipped: 'skipped',
  removed: 'removed',
};

/** Moves one instance from one state to another; unfinished states are in no column. */
export function recount(counts: MutableCounts, from: TaskInstanceState, to: TaskInstanceState): void {
  const before = FIELD[from];
  const after = FIELD[to];
  if (before) counts[before] -= 1;
  if (after) counts[after] += 1;
}

export function addCounts(a: UpstreamCounts, b: UpstreamCounts): UpstreamCounts {
  return {
    total: a.total + b.total,
    success: a.success + b.success,
    failed: a.failed + b.failed,
    upstreamFailed: a.upstreamFailed + b.upstreamFailed,
    skipped: a.skipped + b.skipped,
    removed: a.removed + b.removed,
  };
}
