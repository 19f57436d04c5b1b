/** The limits of the parts, measured in the same run as the scenarios: every ratio in a report is against these. */

import { Cluster } from '../harness/cluster.ts';
import type { Figure, ScenarioReport } from '../harness/report.ts';
import type { Servers } from '../harness/servers.ts';
import { measureBullmq, type RawBullmq } from './bullmq.ts';
import { measureIpc, type RawIpc } from './ipc.ts';
import { measurePostgres, type RawPostgres } from './postgres.ts';

export interface RawLimits {
  readonly bullmq: RawBullmq;
  readonly postgres: RawPostgres;
  readonly ipc: RawIpc;
  /** fibo(32) in this process, ms: how fast this machine is right now. */
  readonly calibrationMs: number;
}

export async function measureLimits(servers: Servers, tasks: number): Promise<RawLimits> {
  const cluster = await Cluster.open(servers, { name: 'raw', dags: {} });
  try {
    return {
      calibrationMs: calibrate(),
      bullmq: await measureBullmq(servers.redisUrl, tasks),
      postgres: await measurePostgres(cluster.db),
      ipc: await measureIpc(),
    };
  } finally {
    await cluster.stop();
  }
}

/** The median of five: one fixed loop of pure computation. */
export function calibrate(): number {
  const fibo = (n: number): number => (n < 2 ? n : fibo(n - 1) + fibo(n - 2));
  fibo(27);
  const times = Array.from({ length: 5 }, () => {
    const begun = performance.now();
    fibo(32);
    return performance.now() - begun;
  }).sort((a, b) => a - b);
  return times[2] as number;
}

export function limitsReport({ bullmq, postgres, ipc, calibrationMs }: RawLimits, versions: string): ScenarioReport {
  const figures: readonly Figure[] = [
    { name: 'BullMQ, one job per task', value: bullmq.jobsPerSecond, unit: 'jobs/s' },
    { name: 'BullMQ, 50 tasks per job', value: bullmq.chunkedTasksPerSecond, unit: 'tasks/s' },
    { name: 'BullMQ, idle add to processor, p50', value: bullmq.latencyP50Ms, unit: 'ms' },
    { name: 'BullMQ, idle add to processor, p99', value: bullmq.latencyP99Ms, unit: 'ms' },
    { name: 'Postgres, durable transitions with event, 500 a batch', value: postgres.transitionsPerSecond, unit: 'rows/s' },
    { name: 'Postgres, one durable transition, p50', value: postgres.singleP50Ms, unit: 'ms' },
    { name: 'IPC round trip, p50', value: ipc.roundTripP50Us / 1000, unit: 'ms' },
    { name: 'IPC round trip, p99', value: ipc.roundTripP99Us / 1000, unit: 'ms' },
    { name: 'fibo(32), this machine now', value: calibrationMs, unit: 'ms' },
  ];
  return { scenario: 'raw limits', setUp: versions, runs: 1, figures, notes: [] };
}
