/** A DAG version prepared for scheduling: numbers instead of names, edges both ways. Made once per version. */
import type { DagSpec, MapScope, TaskSpec } from '../dag-spec.ts';

export interface IndexedTask {
  readonly index: number;
  readonly spec: TaskSpec;
  readonly upstream: readonly number[];
  readonly downstream: readonly number[];
  /** Direct upstream branches and gates: they may choose not to follow this task. */
  readonly choosers: readonly number[];
  readonly scope: MapScope | null;
}

export interface IndexedScope {
  readonly scope: MapScope;
  readonly taskIndexes: readonly number[];
  /** The task whose result is the list; null = the run's params. */
  readonly sourceIndex: number | null;
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
  const tasks = spec.tasks.map((task, index): IndexedTask => {
    const upstream = task.upstream.map(numberOf);
    return {
      index,
      spec: task,
      upstream,
      downstream: downstream[index] as number[],
      choosers: upstream.filter((number) => spec.tasks[number]?.kind === 'branch' || spec.tasks[number]?.kind === 'gate'),
      scope: task.mapScope === null ? null : (scopeById.get(task.mapScope) ?? null),
    };
  });
  return {
    spec,
    tasks,
    byId: new Map(tasks.map((task) => [task.spec.taskId, task])),
    scopes: spec.mapScopes.map((scope) => ({
      scope,
      taskIndexes: tasks.filter((task) => task.spec.mapScope === scope.scopeId).map((task) => task.index),
      sourceIndex: scope.over.from === 'params' ? null : numberOf(scope.over.taskId),
    })),
  };
}

/** Tells whether an edge joins two tasks of one mapped region: then instance i waits for instance i only. */
export function isIndexWise(from: IndexedTask, to: IndexedTask): boolean {
  return from.scope !== null && from.scope === to.scope;
}
