/**
 * Branches and gates that decided against a task. Asked whenever the task is looked at, not only when the decision was
 * made: a cleared task stays skipped while the choice stands.
 */
import { isIndexWise, isReachable } from './dag-index.ts';
import type { Instance, RunModel, TaskState } from './run-model.ts';
import { peersOf } from './setup-rules.ts';

/** Who decided against the instance, in words; null = nobody. */
export function findRefusal(run: RunModel, state: TaskState, instance: Instance): string | null {
  for (const number of state.task.choosers) {
    const chooser = run.tasks[number] as TaskState;
    const refusal = refusalBy(run, chooser, state, instance);
    if (refusal !== null) return refusal;
  }
  if (state.task.spec.isTeardown) return null;
  for (const gate of run.closedGates) {
    const closed = run.taskOf(gate);
    const concerned = isIndexWise(closed.task, state.task) ? gate.mapIndex === instance.mapIndex : closed.task.scope === null;
    if (concerned && isReachable(run.index, closed.task.index, instance.taskIndex)) return closedWords(closed);
  }
  return null;
}

function refusalBy(run: RunModel, chooser: TaskState, state: TaskState, instance: Instance): string | null {
  // Many instances of a mapped region do not choose for a task outside of it.
  if (chooser.task.scope !== null && !isIndexWise(chooser.task, state.task)) return null;
  const choice = peersOf(chooser, state, instance)[0];
  if (choice?.state !== 'success' || choice.followed === null) return null;
  const { followed } = choice;
  const { taskId } = state.task.spec;
  if (followed.includes(taskId)) return null;
  if (chooser.task.spec.kind === 'gate') return state.task.spec.isTeardown ? null : closedWords(chooser);
  // What a followed task leads to is followed as well.
  const led = followed.some((id) => {
    const from = run.index.byId.get(id);
    return from !== undefined && isReachable(run.index, from.index, state.task.index);
  });
  return led ? null : `branch ${chooser.task.spec.taskId} chose ${casesOf(chooser, followed)}`;
}

/** The names of the cases whose tasks are followed. */
function casesOf(chooser: TaskState, followed: readonly string[]): string {
  const cases = Object.entries(chooser.task.spec.branchCases ?? {}).filter(([, heads]) => heads.some((id) => followed.includes(id)));
  const names = cases.length > 0 ? cases.map(([name]) => name) : followed;
  return names.join(' and ') || 'none of its cases';
}

function closedWords(gate: TaskState): string {
  return `gate ${gate.task.spec.taskId} is closed`;
}
