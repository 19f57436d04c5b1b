/** Mapped regions of a run: how long their lists are, which instances have to be made, and which are too many. */
import { describeStored, lengthOfStored, partAt } from '../mapping/encoded-list.ts';
import { lengthOf } from '../mapping/list-expression.ts';
import { tooLongMessage } from '../mapping/too-long.ts';
import { isFinished } from '../states.ts';
import type { IndexedLeaf, IndexedScope } from './dag-index.ts';
import type { Instance, RunModel, TaskState } from './run-model.ts';

/** What has to be known of a list when an instance asks for its element. */
export interface MapList {
  readonly listId: string;
  readonly length: number;
  /** Map index of each element in the task it comes from; null = the same as its own. */
  readonly picks: readonly number[] | null;
}

/** A mapped region whose list is known: make `length` instances of each of its tasks. */
export interface Expansion {
  readonly scopeId: string;
  readonly length: number;
  readonly placeholders: readonly Instance[];
  readonly lists: readonly MapList[];
}

/** A mapped region whose list has another length than it had: add what is missing, remove what is too much. */
export interface Resize {
  readonly scopeId: string;
  readonly length: number;
  readonly tasks: readonly TaskState[];
  readonly lists: readonly MapList[];
}

/** Regions whose list is known now and whose tasks still are placeholders. */
export function findExpansions(run: RunModel): readonly Expansion[] {
  const found: Expansion[] = [];
  for (const scope of run.index.scopes) {
    const length = usableLength(run, scope);
    if (length === null || length === 0) continue;
    const placeholders = scope.taskIndexes
      .map((number) => run.tasks[number] as TaskState)
      .filter((state) => !state.expanded && state.instances[0]?.state === 'none')
      .map((state) => state.instances[0] as Instance);
    if (placeholders.length > 0) found.push({ scopeId: scope.scope.scopeId, length, placeholders, lists: listsOf(run, scope, length) });
  }
  return found;
}

/** Regions that were expanded when their list had another length: their producer was cleared and ran again. */
export function findResizes(run: RunModel): readonly Resize[] {
  const found: Resize[] = [];
  for (const scope of run.index.scopes) {
    const expanded = scope.taskIndexes.map((number) => run.tasks[number] as TaskState).filter((state) => state.expanded);
    if (expanded.length === 0) continue;
    const length = usableLength(run, scope);
    const tasks = expanded.filter((state) => state.instances.length - state.own.removed !== length);
    if (length !== null && tasks.length > 0)
      found.push({ scopeId: scope.scope.scopeId, length, tasks, lists: listsOf(run, scope, length) });
  }
  return found;
}

/** Tells whether the list of the task's region is known to be empty. */
export function isEmptyRegion(run: RunModel, state: TaskState): boolean {
  const scope = scopeOf(run, state);
  return scope !== undefined && usableLength(run, scope) === 0;
}

/** Why the task's list will never come, and whether that is the fault of an upstream task; null = it may still come. */
export function whyNoList(run: RunModel, state: TaskState): { readonly reason: string; readonly upstream: boolean } | null {
  const scope = scopeOf(run, state);
  if (scope === undefined) return null;
  for (const leaf of scope.leaves) {
    const problem = run.mapProblems.get(leaf.listId);
    if (problem !== undefined) return { reason: problem, upstream: false };
    if (leaf.taskIndex === null || lengthOfLeaf(run, leaf) !== undefined) continue;
    const producer = run.tasks[leaf.taskIndex] as TaskState;
    if (producer.instances.every((made) => isFinished(made.state)))
      return { reason: `${producer.task.spec.taskId} ended without the list to map over`, upstream: true };
  }
  const length = lengthOfScope(run, scope);
  if (length === undefined || length <= run.mapLengthMax) return null;
  return { reason: tooLongMessage('the list to map over', length, run.mapLengthMax), upstream: false };
}

/** Lists that are given as params: their lengths, or what is wrong with them, are known from the start. */
export function learnParamsLists(run: RunModel): void {
  for (const { scope, leaves } of run.index.scopes)
    for (const { source, listId } of leaves) {
      if (source.from !== 'params') continue;
      const list = partAt(run.row.params, source.path);
      const length = lengthOfStored(list);
      if (length !== null) run.mapLengths.set(listId, length);
      else
        run.mapProblems.set(
          listId,
          `${scope.scopeId} maps over ${['params', ...source.path].join('.')}, which must be a list but is ${describeStored(list)}`,
        );
    }
}

/** Null while it is not known or its producers have not succeeded, or when it is longer than allowed. */
function usableLength(run: RunModel, scope: IndexedScope): number | null {
  const length = lengthOfScope(run, scope);
  return length === undefined || length > run.mapLengthMax ? null : length;
}

function lengthOfScope(run: RunModel, scope: IndexedScope): number | undefined {
  return lengthOf(scope.scope.over, (number) => {
    const leaf = scope.leaves[number];
    return leaf === undefined ? undefined : lengthOfLeaf(run, leaf);
  });
}

function lengthOfLeaf(run: RunModel, { source, listId, taskIndex }: IndexedLeaf): number | undefined {
  const producer = taskIndex === null ? undefined : run.tasks[taskIndex];
  switch (source.from) {
    case 'literal':
      return source.length;
    case 'params':
      return run.mapLengths.get(listId);
    case 'task':
      return producer?.instances.every((instance) => instance.state === 'success') ? run.mapLengths.get(listId) : undefined;
    case 'results':
      if (producer === undefined) return undefined;
      // The finished ones are counted as they end.
      return finishedOf(producer) < producer.instances.length ? undefined : producer.expanded ? producer.own.success : 0;
  }
}

function finishedOf({ own }: TaskState): number {
  return own.success + own.failed + own.upstreamFailed + own.skipped + own.removed;
}

function scopeOf(run: RunModel, state: TaskState): IndexedScope | undefined {
  return run.index.scopes.find((entry) => entry.scope === state.task.scope);
}

/** The length of a plain list of one result was written with the result itself. */
function listsOf(run: RunModel, scope: IndexedScope, length: number): readonly MapList[] {
  const { over, scopeId } = scope.scope;
  if (!('op' in over) && over.from === 'task') return [];
  const results = scope.leaves
    .filter((leaf) => leaf.source.from === 'results')
    .map((leaf): MapList => {
      const producer = run.tasks[leaf.taskIndex as number] as TaskState;
      const good = producer.instances.filter((instance) => instance.state === 'success').map((instance) => instance.mapIndex);
      return { listId: leaf.listId, length: good.length, picks: good.every((mapIndex, at) => mapIndex === at) ? null : good };
    });
  return 'op' in over || results.length === 0 ? [...results, { listId: scopeId, length, picks: null }] : results;
}
