/**
 * Loaded into every process of a soak (`node --import`): says now and then, in a file of its own, what the process holds after
 * a full collection, which is what a leak shows in first. `SOAK_PLANT` plants a leak, for the test of the soak itself.
 */
import { openSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { isMainThread } from 'node:worker_threads';

export interface SaidMemory {
  readonly heapMb: number;
  readonly externalMb: number;
  readonly handles: number;
}

const { SOAK_SAMPLES_FOLDER: folder, SOAK_SAMPLE_EVERY_MS: everyMs, SOAK_PLANT: planted } = process.env;
const MB = 1024 * 1024;
const kept: unknown[] = [];
/** Each adds a little with each sample. */
const PLANTS: Readonly<Record<string, () => unknown>> = {
  heap: () => Array.from({ length: 20_000 }, () => ({ leaked: kept.length })),
  fds: () => [0, 1, 2].map(() => openSync('/dev/null', 'r')),
  handles: () => [0, 1, 2].map(() => setInterval(() => {}, 3_600_000)),
};

if (isMainThread && folder !== undefined) {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const file = join(folder, String(process.pid));
  setInterval(() => {
    kept.push(PLANTS[planted ?? '']?.());
    collect();
    const { heapUsed, external } = process.memoryUsage();
    const said: SaidMemory = { heapMb: heapUsed / MB, externalMb: external / MB, handles: process.getActiveResourcesInfo().length };
    writeFileSync(`${file}.tmp`, JSON.stringify(said));
    renameSync(`${file}.tmp`, `${file}.json`);
  }, Number(everyMs)).unref();
}
