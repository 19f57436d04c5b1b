/** Rows of many are locked in the order of their ids, so that statements which meet wait for each other, never in a circle. */
export function inLockOrder<T extends { readonly taskInstanceId: string }>(rows: readonly T[]): readonly T[] {
  return rows.toSorted((a, b) => (a.taskInstanceId < b.taskInstanceId ? -1 : 1));
}
