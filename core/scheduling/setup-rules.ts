/**
 * What setups and teardowns add to the trigger rules. A task of a scope needs its setup, wherever in the graph that is: it
 * waits for it, and does not outlive its failure or its skip. A teardown waits until all of its scope has ended, also what
 * is not its direct upstream, so that nothing is taken away under a task that still runs.
 */
import { isFinished } from '../states.ts';
import type { SetupCounts, Verdict } from '../trigger-rules.ts';
import { isIndexWise } from './dag-index.ts';
import type { Instance, RunModel, TaskState } from './run-model.ts';

export interface SetupVerdict {
  readonly verdict: Verdict;
  /** In words; null for `run`. */
  readonly reason: string | null;
}

const MET: SetupVerdict = { verdict: 'run', reason: null };

/** What the setups that are not direct upstreams of the task say: the worst word wins. A removed setup says nothing. */
export function judgeIndirectSetups(run: RunModel, state: TaskState, instance: Instance): SetupVerdict {
  let found = MET;
  for (const number of state.task.links.indirectSetups) {
    const setup = run.tasks[number] as TaskState;
    const { taskId } = setup.task.spec;
    for (const { state: end } of peersOf(setup, state, instance)) {
      if (end === 'failed' || end === 'upstream_failed')
        return { verdict: 'upstream_failed', reason: `setup ${taskId} ${end === 'failed' ? 'failed' : 'failed upstream'}` };
      if (end === 'skipped') found = { verdict: 'skip', reason: `setup ${taskId} was skipped` };
      else if (!isFinished(end) && found.verdict === 'run') found = { verdict: 'wait', reason: `waiting for the setup ${taskId}` };
    }
  }
  return found;
}

/** Whether all work of the teardown's scopes has ended. True for any other task. */
export function scopeHasEnded(run: RunModel, state: TaskState, instance: Instance): boolean {
  return state.task.links.scopeWork.every((number) =>
    peersOf(run.tasks[number] as TaskState, state, instance).every((one) => isFinished(one.state)),
  );
}

/** How the setups among the direct upstreams of a teardown have ended. */
export function countSetups(run: RunModel, state: TaskState, instance: Instance): SetupCounts {
  const counts = { total: 0, success: 0, skipped: 0 };
  for (const number of state.task.upstream) {
    const setup = run.tasks[number] as TaskState;
    if (!setup.task.spec.isSetup) continue;
    for (const { state: end } of peersOf(setup, state, instance)) {
      counts.total += 1;
      if (end === 'success') counts.success += 1;
      else if (end === 'skipped') counts.skipped += 1;
    }
  }
  return counts;
}

/** The instances of `other` that matter to an instance: the one of the same index within a mapped region, else all. */
export function peersOf(other: TaskState, state: TaskState, instance: Instance): readonly Instance[] {
  if (!isIndexWise(other.task, state.task)) return other.instances;
  const peer = instance.mapIndex >= 0 ? other.instances[instance.mapIndex] : other.instances[0];
  return peer ? [peer] : [];
}
