/**
 * Which tasks a clear or a mark reaches. Pure: the dry run and the deed, the API and the command line, ask the same
 * question and get the same answer. Which of their instances are touched depends on the runs and states asked for.
 */
import { closure, downstreamOf, type UpstreamMap } from './dag-graph.ts';
import type { DagSpec, TaskSpec } from './dag-spec.ts';
import { closest } from './did-you-mean.ts';
import { AppError } from './errors.ts';
import { withSetupsAndTeardowns } from './setup-teardown.ts';

export interface TaskChoice {
  /** A task, or a task group: then all tasks in it. */
  readonly taskId: string;
  /** Undefined = all instances of the task. */
  readonly mapIndex?: number | undefined;
}

export interface Reach {
  readonly upstream: boolean;
  readonly downstream: boolean;
}

export type Graph = Pick<DagSpec, 'tasks' | 'groups'>;

/**
 * What is cleared with the chosen tasks: their neighbours, and the setups and teardowns that go with them (a task cannot
 * run without its cluster). `choices` null = all tasks, and so is the answer. Throws NOT_FOUND for an unknown id.
 */
export function tasksToClear(graph: Graph, choices: readonly TaskChoice[] | null, reach: Reach): readonly TaskChoice[] | null {
  if (choices === null) return null;
  const chosen = resolveChoices(graph, choices);
  const all = withSetupsAndTeardowns(
    graph.tasks,
    chosen.map((choice) => choice.taskId),
    reach,
  );
  return [...chosen, ...neighbours(graph.tasks, chosen, all)];
}

/**
 * What is marked with the chosen tasks: their neighbours. A mark as failed leaves teardowns alone that were not chosen
 * by name: what a failed task left behind is to be taken away. Throws NOT_FOUND for an unknown id.
 */
export function tasksToMark(
  graph: Graph,
  choices: readonly TaskChoice[],
  how: Reach & { readonly state: 'success' | 'failed' | 'skipped' },
): readonly TaskChoice[] {
  const chosen = resolveChoices(graph, choices);
  const start = chosen.map((choice) => choice.taskId);
  const upstream: UpstreamMap = new Map(graph.tasks.map((task) => [task.taskId, task.upstream]));
  const around = new Set([
    ...(how.upstream ? closure(upstream, start) : []),
    ...(how.downstream ? closure(downstreamOf(upstream), start) : []),
  ]);
  const named = new Set(choices.map((choice) => choice.taskId));
  const isSpared = (taskId: string) =>
    how.state === 'failed' && !named.has(taskId) && graph.tasks.some((task) => task.taskId === taskId && task.isTeardown === true);
  return [...chosen, ...neighbours(graph.tasks, chosen, around)].filter((choice) => !isSpared(choice.taskId));
}

/** Tells whether the instance is one of the chosen. */
export function isChosen(choices: readonly TaskChoice[], taskId: string, mapIndex: number): boolean {
  return choices.some((choice) => choice.taskId === taskId && (choice.mapIndex === undefined || choice.mapIndex === mapIndex));
}

/** Groups become their tasks; each (task, index) once, a whole task instead of its indexes. */
function resolveChoices({ tasks, groups }: Graph, choices: readonly TaskChoice[]): readonly TaskChoice[] {
  const known = new Set(tasks.map((task) => task.taskId));
  const parents = new Map(groups.map((group) => [group.groupId, group.parentId]));
  const resolved: TaskChoice[] = [];
  for (const { taskId, mapIndex } of choices) {
    if (known.has(taskId)) resolved.push({ taskId, mapIndex });
    else if (parents.has(taskId))
      for (const task of tasks) if (liesIn(task.groupId, taskId, parents)) resolved.push({ taskId: task.taskId, mapIndex });
    if (!known.has(taskId) && !parents.has(taskId)) throw unknown(taskId, [...known, ...parents.keys()]);
  }
  const whole = new Set(resolved.filter((choice) => choice.mapIndex === undefined).map((choice) => choice.taskId));
  const once = new Map(
    resolved.map((choice) => [whole.has(choice.taskId) ? choice.taskId : `${choice.taskId}[${choice.mapIndex}]`, choice]),
  );
  return [...once.values()].map((choice) => (whole.has(choice.taskId) ? { taskId: choice.taskId } : choice));
}

function liesIn(groupId: string | null, wanted: string, parents: ReadonlyMap<string, string | null>): boolean {
  for (let current = groupId; current !== null; current = parents.get(current) ?? null) if (current === wanted) return true;
  return false;
}

/**
 * The tasks of `ids` beside the chosen ones. In a mapped region an element has its own neighbours: of these, the
 * instances with the chosen index are meant.
 */
function neighbours(tasks: readonly TaskSpec[], chosen: readonly TaskChoice[], ids: ReadonlySet<string>): readonly TaskChoice[] {
  const start = new Set(chosen.map((choice) => choice.taskId));
  const scopeOf = new Map(tasks.map((task) => [task.taskId, task.mapScope]));
  const indexes = new Map<string, (number | undefined)[]>();
  for (const { taskId, mapIndex } of chosen) {
    const scope = scopeOf.get(taskId) ?? null;
    if (scope !== null) indexes.set(scope, [...(indexes.get(scope) ?? []), mapIndex]);
  }
  return [...ids]
    .filter((taskId) => !start.has(taskId))
    .flatMap((taskId): readonly TaskChoice[] => {
      const ofScope = indexes.get(scopeOf.get(taskId) ?? '');
      if (ofScope === undefined || ofScope.includes(undefined)) return [{ taskId }];
      return [...new Set(ofScope)].map((mapIndex) => ({ taskId, mapIndex }));
    });
}

const NAMES_SHOWN = 10;

function unknown(taskId: string, ids: readonly string[]): AppError {
  const near = closest(taskId, ids);
  const names = ids.slice(0, NAMES_SHOWN).join(', ') + (ids.length > NAMES_SHOWN ? ', …' : '');
  return new AppError(
    'NOT_FOUND',
    `Task with id ${taskId} was not found.${near ? ` Did you mean ${near}?` : ` The DAG's tasks: ${names}.`}`,
  );
}
