/** Reads what a map or a mapped group runs over. */
import { AppError } from '#core/errors.ts';
import type { Draft } from './draft.ts';
import { handleOf, type Source } from './ref.ts';

/** Throws DAG_INVALID unless `over` is a reference to a list that the scheduler can measure by itself. */
export function readOver(draft: Draft, where: string, over: unknown): Source & { kind: 'task' | 'params' } {
  const handle = handleOf(over);
  if (handle?.source === undefined || handle.source === null)
    throw new AppError(
      'DAG_INVALID',
      `${where} runs over a reference to a list: a task's result or params.at("..."). For a list known now, write a loop that makes tasks.`,
    );
  draft.refuseForeign(handle.draft, handle.id);
  const source = handle.source;
  if (draft.scope.mapScope !== null)
    throw new AppError(
      'DAG_INVALID',
      `${where} lies inside mapped group "${draft.scope.mapScope}". A map inside a mapped group is not available yet.`,
    );
  const collected = source.kind === 'task' && source.each !== null;
  // The scheduler learns the length with the one result that holds the list.
  if (source.kind === 'join' || source.kind === 'item' || collected)
    throw new AppError(
      'DAG_INVALID',
      `${where} cannot run over this directly. Put a task between that returns the list: task("list", { x }, ({ x }) => x).`,
    );
  draft.refuseOutOfScope(where, source, null);
  return source;
}
