// Goal: a scheduler may end, sleep past its leases or fail at every probe, and every run ends as it should. Method: two
// schedulers and a worker as real processes; one of them is hit at the probe; another, or a restart, takes over.
import { afterAll, beforeAll, describe, it } from 'vitest';
import type { SCHEDULER_PROBES } from '#platform/probes/scheduler-probes.ts';
import { startRedis, type TestRedis } from '#test/support/redis.ts';
import { ProbedCluster } from './cluster.ts';
import { dagFile } from './dag-texts.ts';
import { CELL_MS, cellsOf, type Matrix, startMatrix } from './matrix.ts';
import { assetRuns, backfill, datedRuns, editedFile, newDatedFile, runsOf, signalled, type Workload } from './workloads.ts';

const CLUSTERS = 3;
const steps = runsOf('steps_a', 'steps_b');
const lostWorker = signalled('worker', 'SIGKILL', ['slow'], 'all');
const lostScheduler = signalled('scheduler', 'SIGKILL', ['steps_a', 'steps_b'], 'first');

const CELLS = cellsOf({
  'createDagRuns.before_tx': datedRuns,
  'createDagRuns.after_commit': datedRuns,
  'createDagRuns.after_next_run': datedRuns,
  'scheduleTaskInstances.after_read': steps,
  'scheduleTaskInstances.before_commit': steps,
  'scheduleTaskInstances.after_commit': steps,
  'expandMapped.after_commit': runsOf('mapped'),
  'enqueue.before_pool_lock': steps,
  'enqueue.after_pool_lock': steps,
  'enqueue.before_commit': steps,
  'enqueue.after_commit': steps,
  'publish.before_add': steps,
  'publish.after_add': steps,
  'rescue.after_select': lostWorker,
  'rescue.after_commit': lostWorker,
  'finishDagRun.before_commit': steps,
  'finishDagRun.after_commit': steps,
  'stopRun.after_lock': runsOf('doomed'),
  'stopRun.before_commit': runsOf('doomed'),
  'stopRun.after_commit': runsOf('doomed'),
  'deadlines.after_commit': runsOf('late'),
  'assetRuns.before_consume': assetRuns,
  'assetRuns.before_commit': assetRuns,
  'assetRuns.after_commit': assetRuns,
  'backfill.before_settle': backfill,
  'backfill.after_commit': backfill,
  'backfill.after_complete': backfill,
  'leadership.before_renew': steps,
  'leadership.renewed': steps,
  'leadership.acquired': lostScheduler,
  'leadership.loaded': lostScheduler,
  'leadership.resigning': signalled('scheduler', 'SIGTERM', ['steps_a', 'steps_b'], 'first'),
  'dagProcessor.spawned': editedFile,
  'dagProcessor.imported': editedFile,
  'dagProcessor.before_save': editedFile,
  'dagProcessor.before_commit': editedFile,
  'dagProcessor.together_before_commit': newDatedFile,
  'dagProcessor.after_save': editedFile,
} satisfies Record<keyof typeof SCHEDULER_PROBES, Workload>);

let redis: TestRedis;
let matrix: Matrix;
beforeAll(async () => {
  redis = await startRedis();
  matrix = startMatrix(CELLS, CLUSTERS, () => ProbedCluster.open(redis, { scheduler: 2, worker: 1 }, dags));
});
afterAll(async () => {
  await matrix.closed();
  await redis.stop();
}, CELL_MS);

describe('a scheduler that is hit', () => {
  it.each(CELLS)('at $probe: $action', { timeout: CELL_MS }, (cell) => matrix.result(cell));
});

function dags(folder: string): Record<string, string> {
  const same = ['mapped', 'slow', 'doomed', 'late', 'makes', 'takes', 'daily'] as const;
  return {
    'all.ts': dagFile(folder, { steps_a: 'steps', steps_b: 'steps', ...Object.fromEntries(same.map((name) => [name, name])) }),
    'edited.ts': dagFile(folder, { edited: 'child' }),
  };
}
