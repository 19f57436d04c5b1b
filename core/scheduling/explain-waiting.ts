/** What an instance that has no slot to wait for waits for, in the words that are recorded with it. */
import { isFinished } from '../states.ts';
import { waitingForUpstream } from '../why.ts';
import { waitsForPast } from './past.ts';
import type { Instance, RunModel, TaskState } from './run-model.ts';
import { judgeIndirectSetups, peersOf } from './setup-rules.ts';

/** Null: nothing that can be named; the next look at it decides. */
export function explainWaiting(run: RunModel, instance: Instance): string | null {
  const held = run.held.get(instance);
  if (held !== undefined) return held;
  const state = run.taskOf(instance);
  const upstream = upstreamOf(run, state, instance);
  if (upstream !== null) return upstream;
  const setups = judgeIndirectSetups(run, state, instance);
  if (setups.verdict === 'wait') return setups.reason;
  return teardownWords(run, state, instance) ?? waitsForPast(run, state);
}

function upstreamOf(run: RunModel, state: TaskState, instance: Instance): string | null {
  const hasEnded: Record<string, boolean> = {};
  for (const number of state.task.upstream) {
    const source = run.tasks[number] as TaskState;
    const peers = peersOf(source, state, instance);
    // Of a large mapped task the counts are known; one instance is looked at itself.
    hasEnded[source.task.spec.taskId] = peers === source.instances ? hasAllEnded(source) : peers.every((one) => isFinished(one.state));
  }
  const words = waitingForUpstream(hasEnded);
  const { triggerRule } = state.task.spec;
  return words === null || triggerRule === 'all_success' ? words : `${words} (trigger rule ${triggerRule})`;
}

function hasAllEnded({ own }: TaskState): boolean {
  return own.success + own.failed + own.upstreamFailed + own.skipped + own.removed >= own.total;
}

function teardownWords(run: RunModel, state: TaskState, instance: Instance): string | null {
  const open = state.task.links.scopeWork
    .map((number) => run.tasks[number] as TaskState)
    .filter((work) => peersOf(work, state, instance).some((one) => !isFinished(one.state)));
  return waitingForUpstream(Object.fromEntries(open.map((work) => [work.task.spec.taskId, false])));
}
