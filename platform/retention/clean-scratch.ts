/** Retention of scratch folders: while a run lasts they stay, and for a while after it, should a task be cleared. */
import type { Queryable } from '#platform/db/client.ts';
import { listKeptRuns } from '#platform/db/queries/care/list-kept-runs.ts';
import { type RunFolder, removeRunFolder, runFolders, sizeOf } from './run-folders.ts';

const RUNS_AT_ONCE = 200;

export interface ScratchRetention {
  readonly db: Queryable;
  readonly scratchFolder: string;
  readonly nowMs: number;
  readonly keepMs: number;
  readonly signal?: AbortSignal;
}

/** Returns how many folders went. One of a run that is not known (any more) goes when nothing was written there for as long. */
export async function cleanScratch({ db, scratchFolder, nowMs, keepMs, signal }: ScratchRetention): Promise<number> {
  const before = nowMs - keepMs;
  let removed = 0;
  let some: RunFolder[] = [];
  const settle = async () => {
    const kept = await listKeptRuns(db, some, new Date(before));
    const keptNames = new Set(kept.map((run) => JSON.stringify([run.dagId, run.runId])));
    for (const folder of some) {
      if (signal?.aborted || keptNames.has(JSON.stringify([folder.dagId, folder.runId]))) continue;
      if ((await sizeOf(folder.path)).newestMs < before && (await removeRunFolder(folder))) removed += 1;
    }
    some = [];
  };
  for await (const folder of runFolders(scratchFolder)) {
    some.push(folder);
    if (some.length >= RUNS_AT_ONCE) await settle();
  }
  if (some.length > 0) await settle();
  return removed;
}
