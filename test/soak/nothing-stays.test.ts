/**
 * Goal: what a Windlass takes for its work it gives back: handles, files, connections, processes, rows, Redis keys. Method: real
 * processes work twice, the second time four times as much, and are counted at rest after each; retention keeps nothing for
 * longer than seconds. One of them leaks on purpose, a handle for about every run: it alone must be told.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { until } from '#test/support/until.ts';
import { Load } from '../../bench/soak/load.ts';
import type { MetricKind } from '../../bench/soak/metrics.ts';
import { openStage, type Stage } from '../../bench/soak/stage.ts';

/** What is counted, and how many more there may be: idle connections to the web server and in pools come and go. */
const SPARE: Readonly<Partial<Record<MetricKind, number>>> = {
  fds: 6,
  handles: 6,
  children: 2,
  connections: 4,
  rows: 6,
  keys: 2,
  files: 8,
};
const RUNS = 8;
const TIMES_MORE = 4;
const RUN_EVERY_MS = 150;
const SAMPLES = 6;

let stage: Stage;
let urls: { readonly webUrl: string; readonly monitorUrl: string };

beforeAll(async () => {
  stage = await openStage({ keptMs: 2_000, sampleEveryMs: 500 });
  urls = await stage.startRoles(new Map([['triggerer', `handles:${60_000 / RUN_EVERY_MS}`]]));
  await stage.cluster.parsed(2);
}, 240_000);
afterAll(() => stage?.close(true), 120_000);

async function work(runs: number): Promise<void> {
  const load = new Load({ cluster: stage.cluster, ...urls, runEveryMs: RUN_EVERY_MS, openRunsMax: 8, editEveryMs: 500 });
  await load.start();
  await until(() => load.counts.runs >= runs, { what: `${runs} runs were made`, deadlineMs: 120_000 });
  await load.stop();
  expect(load.counts.failed).toEqual([]);
}

/** Everything has ended, and retention has removed it; then the smallest of some samples, as a pool may be at work. */
async function countAtRest(): Promise<ReadonlyMap<string, number>> {
  const { cluster, sampler } = stage;
  await until(async () => (await cluster.query<{ n: number }>('select count(*)::int as n from dag_run')).rows[0]?.n === 0, {
    what: 'all runs have ended and are gone',
    deadlineMs: 120_000,
    pollMs: 200,
  });
  await cluster.query('analyze');
  sampler.forget();
  const look = async () => {
    await sampler.sample();
    return sampler.series.get('keys')?.length === SAMPLES;
  };
  await until(look, { what: 'some samples', pollMs: 500 });
  return new Map([...sampler.series].map(([metric, samples]) => [metric, Math.min(...samples.map((one) => one.value))]));
}

it('a process at rest holds no more than before it worked, and one that leaks is told', { timeout: 300_000 }, async () => {
  await work(RUNS);
  const before = await countAtRest();
  await work(RUNS * TIMES_MORE);
  const after = await countAtRest();
  const grown = [...after].flatMap(([metric, value]) => {
    const spare = SPARE[metric.split(' ', 1)[0] as MetricKind];
    const more = value - (before.get(metric) ?? 0);
    return spare !== undefined && more > spare ? [`${metric}: ${more} more`] : [];
  });
  expect(grown).toEqual([expect.stringMatching(/^handles triggerer: \d+ more$/)]);
});
