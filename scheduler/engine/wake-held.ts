/** Looks again at instances whose rule is met but that wait for a run before theirs: that run may be over, and not in memory. */
import { looksAtPast } from '#core/scheduling/past.ts';
import type { RunModel } from '#core/scheduling/run-model.ts';

/** Puts the runs that hold such instances among those to decide. */
export function wakeHeld(runs: Iterable<RunModel>, dirtyRuns: Set<RunModel>): void {
  for (const run of runs) {
    if (run.held.size === 0 || !looksAtPast(run.index)) continue;
    for (const instance of run.held.keys()) run.dirty.add(instance);
    dirtyRuns.add(run);
  }
}
