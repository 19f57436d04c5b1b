/** Removes from the XCom backend what no XCom refers to any more: of deleted runs, cleared tasks, overwritten values, lost attempts. */
import type { Queryable } from '../db/client.ts';
import { listXcomRefs } from '../db/queries/list-xcom-refs.ts';
import type { Kept, XcomBackend } from './backend.ts';

const RUNS_AT_ONCE = 200;
const NOTHING: Kept = { values: new Set(), frames: new Set() };

/** `olderThanMs`: what is younger may belong to an attempt that has not written its end yet. Returns how many it removed. */
export async function collectXcoms(db: Queryable, backend: XcomBackend, olderThanMs: number): Promise<number> {
  const runs = await backend.listRuns();
  let removed = 0;
  for (let start = 0; start < runs.length; start += RUNS_AT_ONCE) {
    const some = runs.slice(start, start + RUNS_AT_ONCE);
    const kept = await listXcomRefs(db, some);
    for (const dagRunId of some) removed += await backend.prune(dagRunId, kept.get(dagRunId) ?? NOTHING, olderThanMs);
  }
  return removed;
}
