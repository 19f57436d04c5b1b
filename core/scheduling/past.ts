/** dependsOnPast and waitForDownstream: a task waits for its own instance in the run before. */
import type { TaskInstanceState } from '../states.ts';
import type { DagIndex } from './dag-index.ts';
import type { RunModel, TaskState } from './run-model.ts';

/** What a task came to in one run: the states of its instances, without removed ones. */
export interface PastStates {
  readonly runId: string;
  readonly states: readonly TaskInstanceState[];
}

/** The run before this one, by logical date (by run_after for runs without one). */
export interface PreviousRun {
  readonly runId: string;
  /** States of all instances that are not removed, by task id. */
  readonly states: ReadonlyMap<string, readonly TaskInstanceState[]>;
  /** Of tasks that look at the past and that the run before did not have: the newest run that had them. */
  readonly older: ReadonlyMap<string, PastStates>;
}

const GOOD: readonly TaskInstanceState[] = ['success', 'skipped'];

/** Asked at every finish, so answered once per version. */
const answers = new WeakMap<DagIndex, readonly string[]>();

/** The tasks that look at the run before. */
export function tasksWithPast(index: DagIndex): readonly string[] {
  let answer = answers.get(index);
  if (answer === undefined) {
    answer = index.tasks.filter(({ spec }) => spec.dependsOnPast || spec.waitForDownstream).map(({ spec }) => spec.taskId);
    answers.set(index, answer);
  }
  return answer;
}

/** Tells whether any task of the DAG looks at the run before. */
export function looksAtPast(index: DagIndex): boolean {
  return tasksWithPast(index).length > 0;
}

/**
 * Why the task must wait for the run before, in words; null = it need not. The first run of a DAG and the first of a
 * backfill never wait. waitForDownstream implies dependsOnPast and asks the same of the task's direct downstreams.
 */
export function waitsForPast(run: RunModel, state: TaskState): string | null {
  const { spec, downstream } = state.task;
  const { previous } = run;
  if ((!spec.dependsOnPast && !spec.waitForDownstream) || previous === null || run.row.backfill?.ordinal === FIRST_OF_BACKFILL) return null;
  const option = spec.waitForDownstream ? 'waitForDownstream' : 'dependsOnPast';
  const states = previous.states.get(spec.taskId);
  const own: PastStates | undefined = states === undefined ? previous.older.get(spec.taskId) : { runId: previous.runId, states };
  if (own === undefined)
    return spec.ignoreFirstDependsOnPast === false
      ? `the first instance of this task ever: it waits until somebody marks it (${option}, ignoreFirstDependsOnPast is false)`
      : null;
  if (!own.states.every((one) => GOOD.includes(one))) return words(spec.taskId, own.runId, option);
  if (!spec.waitForDownstream) return null;
  const open = downstream
    .map((number) => run.index.tasks[number]?.spec.taskId as string)
    .find((taskId) => previous.states.get(taskId)?.some((one) => !GOOD.includes(one)));
  return open === undefined ? null : words(open, previous.runId, option);
}

/** `backfill_ordinal` of the first run. */
const FIRST_OF_BACKFILL = 1;

function words(taskId: string, runId: string, option: string): string {
  return `waiting for ${taskId} of the run before, ${runId}, to succeed (${option})`;
}
