// Goal: a worker may end, sleep past its leases or fail at every probe, and every run ends as it should. Method: two
// workers and a scheduler as real processes; one of them is hit at the probe; another, or a restart, takes over.
import { afterAll, beforeAll, describe, it } from 'vitest';
import type { WORKER_PROBES } from '#platform/probes/worker-probes.ts';
import { startRedis, type TestRedis } from '#test/support/redis.ts';
import { ProbedCluster } from './cluster.ts';
import { dagFile } from './dag-texts.ts';
import { CELL_MS, cellsOf, type Matrix, startMatrix } from './matrix.ts';
import { clearedAtWork, coldRunsOf, runsOf, signalled, triggeredRun, type Workload } from './workloads.ts';

const CLUSTERS = 3;
const steps = runsOf('steps_a', 'steps_b');
/** A claim that is given an idle process begins its body with the same statement. */
const coldSteps = coldRunsOf('steps_a', 'steps_b');

const CELLS = cellsOf({
  'consume.received': steps,
  'consume.before_claim': steps,
  'consume.after_claim': coldSteps,
  'consume.before_ack': steps,
  'consume.after_ack': steps,
  'supervise.before_spawn': coldSteps,
  'supervise.after_spawn': coldSteps,
  'supervise.before_begin': coldSteps,
  'supervise.after_begin': steps,
  'supervise.before_body': steps,
  'supervise.after_body_sent': steps,
  'supervise.before_renew': runsOf('slow'),
  'supervise.after_renew': runsOf('slow'),
  'supervise.result_heard': steps,
  'supervise.child_exited': runsOf('dies'),
  'supervise.before_log_flush': steps,
  'supervise.after_log_flush': steps,
  'supervise.before_finish': steps,
  'supervise.after_finish': steps,
  'supervise.before_confirm_stopped': clearedAtWork,
  'supervise.before_hand_back': signalled('worker', 'SIGTERM', ['slow'], 'all'),
  'xcom.before_put': runsOf('large'),
  'xcom.before_rename': runsOf('large'),
  'xcom.after_put': runsOf('large'),
  'triggerRun.before_mark': triggeredRun,
  'triggerRun.after_commit': triggeredRun,
  'callbacks.before_claim': steps,
  'callbacks.after_claim': steps,
  'callbacks.before_finish': steps,
  'callbacks.after_finish': steps,
} satisfies Record<keyof typeof WORKER_PROBES, Workload>);

let redis: TestRedis;
let matrix: Matrix;
beforeAll(async () => {
  redis = await startRedis();
  matrix = startMatrix(CELLS, CLUSTERS, () => ProbedCluster.open(redis, { scheduler: 1, worker: 2 }, dags));
});
afterAll(async () => {
  await matrix.closed();
  await redis.stop();
}, CELL_MS);

describe('a worker that is hit', () => {
  it.each(CELLS)('at $probe: $action', { timeout: CELL_MS }, (cell) => matrix.result(cell));
});

function dags(folder: string): Record<string, string> {
  const same = ['slow', 'dies', 'large', 'parent', 'child'] as const;
  return { 'all.ts': dagFile(folder, { steps_a: 'steps', steps_b: 'steps', ...Object.fromEntries(same.map((name) => [name, name])) }) };
}
