/** Reads what a map or a mapped group runs over. */
import { AppError } from '#core/errors.ts';
import type { Draft } from './draft.ts';
import { type ListTree, readListable } from './lists.ts';

/** Throws DAG_INVALID unless `over` is something that can be mapped over here. */
export function readOver(draft: Draft, where: string, over: unknown): ListTree {
  const { tree, owners } = readListable(where, over);
  if (draft.scope.mapScope !== null)
    throw new AppError(
      'DAG_INVALID',
      `${where} lies inside mapped group "${draft.scope.mapScope}". A map inside of a mapped group is not available: map over cross(...) of both lists, or over a list of all of them that a task before the group returns.`,
    );
  for (const owner of owners) draft.refuseForeign(owner.draft, owner.id);
  for (const source of sourcesOf(tree)) draft.refuseOutOfScope(where, source, null);
  return tree;
}

/** Tasks whose results make the list: what is mapped waits for them. */
export function producersOf(tree: ListTree): readonly string[] {
  return [...new Set(sourcesOf(tree).flatMap((source) => (source.kind === 'task' ? [source.taskId] : [])))];
}

function sourcesOf(tree: ListTree): readonly (ListTree & { kind: 'task' | 'params' })[] {
  switch (tree.kind) {
    case 'task':
    case 'params':
      return [tree];
    case 'literal':
      return [];
    case 'transform':
      return sourcesOf(tree.part);
    default:
      return tree.parts.flatMap(sourcesOf);
  }
}
