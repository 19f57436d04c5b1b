/**
 * Loaded into every process of a soak (`node --import`): says now and then, in a file of its own, what the process holds after
 * a full collection, which is what a leak shows in first. `SOAK_PLANT` plants a leak, for the test of the soak itself: `heap:1`
 * is one MB a minute, `handles:60` sixty handles a minute.
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
/** By the kind of metric that must show it: how much a leak of one is, and how many parts one is planted in. */
const PLANTS: Readonly<Record<string, { readonly parts: number; leak(): unknown }>> = {
  heap: { parts: 16, leak: () => new Array(MB / 16 / 8).fill(0) },
  fds: { parts: 1, leak: () => openSync('/dev/null', 'r') },
  handles: { parts: 1, leak: () => setInterval(() => {}, 3_600_000) },
};

if (isMainThread && folder !== undefined) {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const file = join(folder, String(process.pid));
  const [what = '', perMinute = '1'] = (planted ?? '').split(':');
  const plant = PLANTS[what];
  const startedMs = performance.now();
  setInterval(() => {
    const due = plant === undefined ? 0 : ((performance.now() - startedMs) / 60_000) * Number(perMinute) * plant.parts;
    while (plant !== undefined && kept.length + 1 <= due) kept.push(plant.leak());
    collect();
    const { heapUsed, external } = process.memoryUsage();
    const said: SaidMemory = { heapMb: heapUsed / MB, externalMb: external / MB, handles: process.getActiveResourcesInfo().length };
    writeFileSync(`${file}.tmp`, JSON.stringify(said));
    renameSync(`${file}.tmp`, `${file}.json`);
  }, Number(everyMs)).unref();
}
