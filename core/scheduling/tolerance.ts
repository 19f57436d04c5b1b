/** `tolerate`: up to so many instances of a mapped region may fail without failing what follows. */
import type { UpstreamCounts } from '../trigger-rules.ts';
import type { RunModel, TaskState } from './run-model.ts';

/**
 * Returns the counts with tolerated failures of mapped upstreams taken as successes. With `self` given, the
 * task's own instances are looked at instead of its upstreams.
 */
export function tolerated(run: RunModel, target: TaskState | null, counts: UpstreamCounts, self?: TaskState): UpstreamCounts {
  const sources = self ? [self] : (target?.task.upstream ?? []).map((number) => run.tasks[number] as TaskState);
  let forgiven = 0;
  for (const source of sources) {
    const tolerate = source.task.scope?.tolerate ?? 0;
    if (tolerate === 0 || (target !== null && source.task.scope === target.task.scope)) continue;
    const allowed = tolerate < 1 ? Math.floor(tolerate * (source.own.total - source.own.removed)) : tolerate;
    if (source.own.failed > 0 && source.own.failed <= allowed) forgiven += source.own.failed;
  }
  return forgiven === 0 ? counts : { ...counts, failed: counts.failed - forgiven, success: counts.success + forgiven };
}
