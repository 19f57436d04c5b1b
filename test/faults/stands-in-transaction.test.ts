/**
 * Goal: a scheduler that stands still while it holds the locks of pools, as one whose connection was cut without a word, holds
 * up nobody for long. Method: real processes; one is stopped at the probe and stays so until the others are through with
 * everything. Postgres ends a silent transaction after 30 s; here after two.
 */
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { startRedis, type TestRedis } from '#test/support/redis.ts';
import { ProbedCluster } from '../probes/cluster.ts';
import { dagFile } from '../probes/dag-texts.ts';
import { whatIsWrong } from '../probes/matrix.ts';

vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

const OPTIONS = '-c timezone=UTC -c statement_timeout=30000 -c lock_timeout=5000 -c idle_in_transaction_session_timeout=2000';

let redis: TestRedis;
let cluster: ProbedCluster;
beforeAll(async () => {
  redis = await startRedis();
  cluster = await ProbedCluster.open(
    redis,
    { scheduler: 2, worker: 1 },
    (folder) => ({ 'all.ts': dagFile(folder, { steps_a: 'steps', steps_b: 'steps' }) }),
    { databaseOptions: OPTIONS },
  );
});
afterAll(async () => {
  await cluster?.close();
  await redis.stop();
});

it.each(['enqueue.after_pool_lock', 'scheduleTaskInstances.before_commit'] as const)(
  'one that stands still at %s is ended by Postgres, the other one goes on, and awake it writes nothing',
  async (probe) => {
    await cluster.healthy();
    cluster.disarm();
    cluster.arm(probe, 'pause');
    const runs = await cluster.trigger(['steps_a', 'steps_b']);
    const pid = await cluster.reached(probe);
    await cluster.ended(runs);
    expect(
      await cluster.sql(`select 1 from pg_stat_activity where application_name = $1 and xact_start is not null`, [`scheduler:${pid}`]),
    ).toEqual([]);
    await cluster.wake(pid);
    expect(await whatIsWrong(cluster, runs)).toEqual([]);
  },
);
