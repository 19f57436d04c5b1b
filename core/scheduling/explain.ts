/** Why an instance was skipped, failed or still waits, in words a person can act on. */

import { isFinished } from '../states.ts';
import type { UpstreamCounts } from '../trigger-rules.ts';
import type { Instance, RunModel, TaskState } from './run-model.ts';

const SHOWN_MAX = 4;

/** "upstream load failed (trigger rule all_success)" */
export function explainVerdict(run: RunModel, state: TaskState, instance: Instance, counts: UpstreamCounts): string {
  const rule = `trigger rule ${state.task.spec.triggerRule}`;
  const guilty = upstreamsIn(
    run,
    state,
    instance,
    counts.failed + counts.upstreamFailed > 0 ? ['failed', 'upstream_failed'] : ['skipped', 'removed', 'success'],
  );
  return guilty.length === 0 ? rule : `upstream ${guilty.join(', ')} (${rule})`;
}

/** "waiting for 2 of 3 upstream tasks: extract, clean", or null when it waits for none. */
export function explainWaiting(run: RunModel, state: TaskState): string | null {
  const open = state.task.upstream
    .map((number) => run.tasks[number] as TaskState)
    .filter((source) => source.instances.some((instance) => !isFinished(instance.state)));
  if (open.length === 0) return null;
  const names = open.slice(0, SHOWN_MAX).map((source) => source.task.spec.taskId);
  return `waiting for ${open.length} of ${state.task.upstream.length} upstream tasks: ${names.join(', ')}${open.length > SHOWN_MAX ? ', …' : ''}`;
}

function upstreamsIn(run: RunModel, state: TaskState, instance: Instance, states: readonly string[]): readonly string[] {
  const words: string[] = [];
  for (const number of state.task.upstream) {
    const source = run.tasks[number] as TaskState;
    const sameIndex = source.task.scope !== null && source.task.scope === state.task.scope && instance.mapIndex >= 0;
    const seen = sameIndex ? [source.instances[instance.mapIndex]] : source.instances;
    const ended = seen.find((candidate) => candidate !== undefined && states.includes(candidate.state));
    if (ended && words.length < SHOWN_MAX)
      words.push(
        `${source.task.spec.taskId} ${ended.state === 'upstream_failed' ? 'failed upstream' : ended.state === 'success' ? 'succeeded' : ended.state}`,
      );
  }
  return words;
}
