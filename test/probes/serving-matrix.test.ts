// Goal: a triggerer, a web server or a migrator may end, sleep past its leases or fail at every probe; waits end once, and
// a change that is asked for again is made once. Method: real processes; the caller of the API asks until it is answered.
import { afterAll, beforeAll, describe, it } from 'vitest';
import type { SERVING_PROBES } from '#platform/probes/serving-probes.ts';
import { startRedis, type TestRedis } from '#test/support/redis.ts';
import { clearByApi, markByApi, triggerByApi } from './api-workloads.ts';
import { ProbedCluster } from './cluster.ts';
import { dagFile } from './dag-texts.ts';
import { CELL_MS, cellsOf, type Matrix, startMatrix } from './matrix.ts';
import { MIGRATE_CELLS, migrate } from './migrate-cells.ts';
import { heardEntry, orphanedWait, runsOf, type Workload, watchedAsset } from './workloads.ts';

const CLUSTERS = 2;

const CELLS = cellsOf({
  'triggerer.before_claim': runsOf('waits'),
  'triggerer.after_claim': runsOf('waits'),
  'triggerer.before_fire': runsOf('waits'),
  'triggerer.after_fire': runsOf('waits'),
  'triggerer.after_take_over': orphanedWait,
  'assetWatch.before_save': watchedAsset,
  'assetWatch.after_save': watchedAsset,
  'assetListen.before_save': heardEntry,
  'assetListen.after_save': heardEntry,
  'api.after_auth': triggerByApi,
  'api.before_commit': triggerByApi,
  'api.after_commit_before_response': triggerByApi,
  'clear.before_touch': clearByApi,
  'mark.before_touch': markByApi,
} satisfies Record<Exclude<keyof typeof SERVING_PROBES, `migrate.${string}`>, Workload>);

let redis: TestRedis;
let matrix: Matrix;
beforeAll(async () => {
  redis = await startRedis();
  matrix = startMatrix(CELLS, CLUSTERS, () => ProbedCluster.open(redis, { scheduler: 1, worker: 1, triggerer: 2, webserver: 1 }, dags));
});
afterAll(async () => {
  await matrix.closed();
  await redis.stop();
}, CELL_MS);

// PROBE_ONLY may have chosen none of one kind; vitest takes a group without a test for a mistake.
if (CELLS.length > 0)
  describe('a triggerer or web server that is hit', () => {
    it.each(CELLS)('at $probe: $action', { timeout: CELL_MS }, (cell) => matrix.result(cell));
  });

if (MIGRATE_CELLS.length > 0)
  describe('a migrator that is hit', () => {
    it.each(MIGRATE_CELLS)('at $probe: $action', { timeout: CELL_MS }, (cell) => migrate(cell));
  });

function dags(folder: string): Record<string, string> {
  return { 'all.ts': dagFile(folder, { steps_a: 'steps', waits: 'waits', watches: 'watches', hears: 'hears' }) };
}
