/** Retention of logs: by age, and by what all of them need together. The logs of a run go together, whether the run is kept or not. */
import { type RunFolder, removeRunFolder, runFolders, sizeOf } from './run-folders.ts';

const HOUR_MS = 3_600_000;
/** Somebody writes there now. */
const BUSY_MS = 60_000;
/** A little below the limit, so that not every pass has to remove something. */
const REMOVE_DOWN_TO = 0.9;

export interface LogRetention {
  readonly logsFolder: string;
  readonly nowMs: number;
  /** Removed when nothing was written for so long; null = never. */
  readonly keepMs: number | null;
  /** Of all logs of runs together; null = no limit. */
  readonly maxBytes: number | null;
  readonly signal?: AbortSignal;
}

export interface RemovedLogs {
  readonly runs: number;
  readonly bytes: number;
}

export async function cleanLogs({ logsFolder, nowMs, keepMs, maxBytes, signal }: LogRetention): Promise<RemovedLogs> {
  let [runs, bytes, total] = [0, 0, 0];
  const remove = async (folder: RunFolder, size: number) => {
    if (!(await removeRunFolder(folder))) return;
    runs += 1;
    bytes += size;
  };
  /** Hour of the newest line -> bytes: tells which hours must go without remembering every run. */
  const byHour = new Map<number, number>();
  for await (const folder of runFolders(logsFolder)) {
    if (signal?.aborted) return { runs, bytes };
    const size = await sizeOf(folder.path);
    if (keepMs !== null && size.newestMs < nowMs - keepMs) {
      await remove(folder, size.bytes);
      continue;
    }
    total += size.bytes;
    const hour = Math.floor(size.newestMs / HOUR_MS);
    byHour.set(hour, (byHour.get(hour) ?? 0) + size.bytes);
  }
  if (maxBytes === null || total <= maxBytes) return { runs, bytes };
  let excess = total - maxBytes * REMOVE_DOWN_TO;
  let last = Number.NEGATIVE_INFINITY;
  for (let sum = 0; sum < excess; ) {
    const hours = [...byHour.keys()].filter((hour) => hour > last);
    if (hours.length === 0) break;
    last = Math.min(...hours);
    sum += byHour.get(last) ?? 0;
  }
  // All of the hours before the last one, and of that one as much as is needed.
  for (const only of ['before', 'last'] as const)
    for await (const folder of runFolders(logsFolder)) {
      if (signal?.aborted || excess <= 0) break;
      const size = await sizeOf(folder.path);
      const hour = Math.floor(size.newestMs / HOUR_MS);
      if ((only === 'before' ? hour >= last : hour !== last) || size.newestMs > nowMs - BUSY_MS) continue;
      await remove(folder, size.bytes);
      excess -= size.bytes;
    }
  return { runs, bytes };
}
