/** dependsOnPast and waitForDownstream: a task waits for its own instance in the run before. */
import type { TaskInstanceState } from '../states.ts';
import type { DagIndex } from './dag-index.ts';
import type { TaskState } from './run-model.ts';

/** The run before this one, by logical date (by run_after for runs without one). */
export interface PreviousRun {
  readonly runId: string;
  /** States of all instances, by task id. */
  readonly states: ReadonlyMap<string, readonly TaskInstanceState[]>;
}

const GOOD: readonly TaskInstanceState[] = ['success', 'skipped'];

/** Asked at every finish, so answered once per version. */
const answers = new WeakMap<DagIndex, boolean>();

/** Tells whether any task of the DAG looks at the run before. */
export function looksAtPast(index: DagIndex): boolean {
  let answer = answers.get(index);
  if (answer === undefined) {
    answer = index.tasks.some(({ spec }) => spec.dependsOnPast || spec.waitForDownstream);
    answers.set(index, answer);
  }
  return answer;
}

/**
 * Why the task must wait for the run before, in words; null = it need not. The first run of a DAG never waits.
 * waitForDownstream implies dependsOnPast and asks the same of the task's direct downstreams.
 */
export function waitsForPast(index: DagIndex, state: TaskState, previous: PreviousRun | null): string | null {
  const { spec, downstream } = state.task;
  if ((!spec.dependsOnPast && !spec.waitForDownstream) || previous === null) return null;
  const wanted = [spec.taskId, ...(spec.waitForDownstream ? downstream.map((number) => index.tasks[number]?.spec.taskId as string) : [])];
  const open = wanted.find((taskId) => previous.states.get(taskId)?.some((one) => !GOOD.includes(one)));
  return open === undefined
    ? null
    : `waiting for ${open} of the run before, ${previous.runId}, to succeed (${spec.waitForDownstream ? 'waitForDownstream' : 'dependsOnPast'})`;
}
