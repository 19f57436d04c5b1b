/** A DAG version prepared for scheduling: numbers instead of names, edges both ways. Made once per version. */
import type { DagSpec, ListSource, MapScope, TaskSpec } from '../dag-spec.ts';
import { leavesOf, listIdsOf } from '../mapping/list-expression.ts';
import { linkSetups, NO_LINKS, type SetupLinks } from './setup-index.ts';

export interface IndexedTask {
  readonly index: number;
  readonly spec: TaskSpec;
  readonly upstream: readonly number[];
  readonly downstream: readonly number[];
  /** Direct upstream branches and gates: they may choose not to follow this task. */
  readonly choosers: readonly number[];
  readonly scope: MapScope | null;
  /** Setups and teardowns beyond the task's own edges. */
  readonly links: SetupLinks;
}

export interface IndexedScope {
  readonly scope: MapScope;
  readonly taskIndexes: readonly number[];
  /** The lists it is made of, in the order of their numbers. */
  readonly leaves: readonly IndexedLeaf[];
}

export interface IndexedLeaf {
  readonly source: ListSource;
  readonly listId: string;
  /** The task that makes it; null = none has to run. */
  readonly taskIndex: number | null;
}

export interface DagIndex {
  readonly spec: DagSpec;
  readonly tasks: readonly IndexedTask[];
  readonly byId: ReadonlyMap<string, IndexedTask>;
  readonly scopes: readonly IndexedScope[];
}

export function indexDag(spec: DagSpec): DagIndex {
  const numbers = new Map(spec.tasks.map((task, index) => [task.taskId, index]));
  const numberOf = (taskId: string): number => {
    const index = numbers.get(taskId);
    if (index === undefined) throw new Error(`DAG ${spec.dagId}: task ${taskId} is named but not defined`);
    return index;
  };
  const downstream: number[][] = spec.tasks.map(() => []);
  spec.tasks.forEach((task, index) => {
    for (const upstreamId of task.upstream) (downstream[numberOf(upstreamId)] as number[]).push(index);
  });
  const scopeById = new Map(spec.mapScopes.map((scope) => [scope.scopeId, scope]));
  const links = linkSetups(spec.tasks, numberOf);
  const tasks = spec.tasks.map((task, index): IndexedTask => {
    const upstream = task.upstream.map(numberOf);
    return {
      index,
      spec: task,
      upstream,
      downstream: downstream[index] as number[],
      choosers: upstream.filter((number) => spec.tasks[number]?.kind === 'branch' || spec.tasks[number]?.kind === 'gate'),
      scope: task.mapScope === null ? null : (scopeById.get(task.mapScope) ?? null),
      links: links[index] ?? NO_LINKS,
    };
  });
  return {
    spec,
    tasks,
    byId: new Map(tasks.map((task) => [task.spec.taskId, task])),
    scopes: spec.mapScopes.map((scope) => ({
      scope,
      taskIndexes: tasks.filter((task) => task.spec.mapScope === scope.scopeId).map((task) => task.index),
      leaves: leavesOf(scope.over).map((source, leaf) => ({
        source,
        listId: listIdsOf(scope)[leaf] as string,
        taskIndex: source.from === 'task' || source.from === 'results' ? numberOf(source.taskId) : null,
      })),
    })),
  };
}

/** Tells whether an edge joins two tasks of one mapped region: then instance i waits for instance i only. */
export function isIndexWise(from: IndexedTask, to: IndexedTask): boolean {
  return from.scope !== null && from.scope === to.scope;
}

const reachable = new WeakMap<DagIndex, Map<number, ReadonlySet<number>>>();

/** Everything downstream of a task, directly or not. Found once per version, for the tasks it is asked of. */
export function reachableFrom(index: DagIndex, from: number): ReadonlySet<number> {
  const known = reachable.get(index) ?? new Map<number, ReadonlySet<number>>();
  reachable.set(index, known);
  const found = known.get(from);
  if (found) return found;
  const reached = new Set<number>();
  const todo = [from];
  for (let next = todo.pop(); next !== undefined; next = todo.pop())
    for (const number of index.tasks[next]?.downstream ?? []) {
      if (reached.has(number)) continue;
      reached.add(number);
      todo.push(number);
    }
  known.set(from, reached);
  return reached;
}

export function isReachable(index: DagIndex, from: number, to: number): boolean {
  return reachableFrom(index, from).has(to);
}
