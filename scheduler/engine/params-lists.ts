/** Lists to map over that are given as params: their lengths are known from the start. */
import type { RunModel } from '#core/scheduling/run-model.ts';

/** Notes the length of every such list in the model; what is no list stays unknown. */
export function learnParamsLengths(run: RunModel): void {
  for (const { scope, sourceIndex } of run.index.scopes) {
    if (sourceIndex !== null) continue;
    const list = scope.over.path.reduce<unknown>(
      (value, step) => (value as Record<string, unknown> | null | undefined)?.[step],
      run.row.params,
    );
    if (Array.isArray(list)) run.mapLengths.set(scope.scopeId, list.length);
  }
}
