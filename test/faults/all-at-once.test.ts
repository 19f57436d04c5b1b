/**
 * Goal: everything may die at once, again and again, at any moment; nobody has to do anything. Method: real processes, all of
 * them killed twenty times in a row, at work or while they start, each time after as many steps of history as a seed says.
 */
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { startRedis, type TestRedis } from '#test/support/redis.ts';
import { Dice } from '#test/support/seeded.ts';
import { until } from '#test/support/until.ts';
import { ProbedCluster } from '../probes/cluster.ts';
import { dagFile } from '../probes/dag-texts.ts';
import { whatIsWrong } from '../probes/matrix.ts';

vi.setConfig({ testTimeout: 600_000, hookTimeout: 300_000 });

const SEED = Number(process.env['WINDLASS_TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const TIMES = 20;

let redis: TestRedis;
let cluster: ProbedCluster;
beforeAll(async () => {
  redis = await startRedis();
  cluster = await ProbedCluster.open(redis, { scheduler: 1, worker: 1 }, (folder) => ({
    'all.ts': dagFile(folder, { steps_a: 'steps', mapped: 'mapped', slow: 'slow' }),
  }));
});
afterAll(async () => {
  await cluster?.close();
  await redis.stop();
});

it(`after twenty deaths of everything, all of it ends as it should (seed ${SEED})`, async () => {
  const dice = new Dice(SEED);
  const runs: string[] = [];
  const count = async (text: string) => (await cluster.sql<{ n: number }>(`select count(*)::int as n from ${text}`))[0]?.n ?? 0;
  const steps = () => count('task_instance_event');
  const areOver = async () => (await count('dag_run where ended_at is null')) === 0;
  for (let time = 0; time < TIMES; time++) {
    runs.push(...(await cluster.trigger([dice.pick(['steps_a', 'mapped', 'slow'])])));
    // Now and then before they have done anything.
    const wanted = (await steps()) + dice.int(0, 11);
    // The last of them may come to their ends in fewer steps.
    const isThere = async () => (await steps()) >= wanted || (await areOver());
    if (dice.chance(0.75)) await until(isThere, { what: 'there is some history more', deadlineMs: 120_000 });
    expect(cluster.killAll()).toBe(2);
  }
  await cluster.ended(runs);
  expect(await whatIsWrong(cluster, runs)).toEqual([]);
});
