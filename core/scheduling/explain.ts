/** Why an instance was skipped, failed or still waits, in words a person can act on. */

import type { TaskInstanceState } from '../states.ts';
import type { TriggerRule, Verdict } from '../trigger-rules.ts';
import type { Instance, RunModel, TaskState } from './run-model.ts';

const SHOWN_MAX = 4;

/** How the upstreams ended that a rule skips a task for. */
const SKIPPED_FOR: Readonly<Record<TriggerRule, readonly TaskInstanceState[]>> = {
  all_success: ['skipped'],
  all_failed: ['success', 'skipped'],
  all_done: [],
  all_done_min_one_success: ['skipped'],
  all_done_setup_success: ['skipped'],
  one_success: ['skipped', 'removed'],
  one_failed: ['success', 'skipped', 'removed'],
  one_done: ['skipped', 'upstream_failed', 'removed'],
  none_failed: [],
  none_failed_min_one_success: ['skipped', 'removed'],
  none_skipped: ['skipped'],
  all_skipped: ['success', 'failed', 'upstream_failed'],
  always: [],
};

/** "upstream load failed (trigger rule all_success)" */
export function explainVerdict(run: RunModel, state: TaskState, instance: Instance, verdict: Verdict): string {
  const { triggerRule } = state.task.spec;
  if (triggerRule === 'all_done_setup_success') return explainTeardown(run, state, instance);
  const rule = `trigger rule ${triggerRule}`;
  const guilty = upstreamsIn(run, state, instance, verdict === 'skip' ? SKIPPED_FOR[triggerRule] : ['failed', 'upstream_failed']);
  return guilty.length === 0 ? rule : `upstream ${guilty.join(', ')} (${rule})`;
}

/** "setup create failed: there is nothing to tear down" */
function explainTeardown(run: RunModel, state: TaskState, instance: Instance): string {
  const isSetup = (source: TaskState) => source.task.spec.isSetup === true;
  const setups = upstreamsIn(run, state, instance, ['failed', 'upstream_failed', 'skipped', 'removed'], isSetup);
  return `setup ${setups.join(', ')}: there is nothing to tear down`;
}

function upstreamsIn(
  run: RunModel,
  state: TaskState,
  instance: Instance,
  states: readonly TaskInstanceState[],
  isMeant: (source: TaskState) => boolean = () => true,
): readonly string[] {
  const words: string[] = [];
  for (const number of state.task.upstream) {
    const source = run.tasks[number] as TaskState;
    if (!isMeant(source)) continue;
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
