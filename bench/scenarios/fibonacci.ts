/** The published comparison of workflow engines: 40 sequential fibo(10), and 10 sequential fibo(33) beside the bare functions. */
import { Cluster } from '../harness/cluster.ts';
import { type Figure, medianFigures } from '../harness/report.ts';
import { fibonacciDag } from './dag-texts.ts';
import type { Bench, Scenario } from './scenario.ts';

export const fibonacci: Scenario = {
  name: 'fibonacci',
  about: '40 sequential fibo(10), 10 sequential fibo(33)',
  async run({ servers, runs }: Bench) {
    const dags = { 'light.ts': fibonacciDag('light', 40, 10), 'long.ts': fibonacciDag('long', 10, 33) };
    const cluster = await Cluster.open(servers, { name: 'fibonacci', dags });
    try {
      await Promise.all([cluster.start('scheduler'), cluster.start('worker')]);
      await cluster.parsed(2);
      const rounds: (readonly Figure[])[] = [];
      for (let round = 0; round <= runs; round++) {
        const lightMs = await runMs(cluster, 'light');
        const bareMs = bareFibonacci(10, 33);
        const longMs = await runMs(cluster, 'long');
        if (round > 0) rounds.push(figuresOf(lightMs, longMs, bareMs));
      }
      const setUp = 'one scheduler, one worker, default settings; run created to run ended';
      const notes = [
        'published by others on 2 vCPU: Hatchet 1,222 ms, Windmill 2,092, Temporal 2,967, Prefect 4,872, Airflow 116,221 (40 light)',
      ];
      return { scenario: 'fibonacci', setUp, runs, figures: medianFigures(rounds), notes };
    } finally {
      await cluster.stop();
    }
  },
};

function figuresOf(lightMs: number, longMs: number, bareMs: number): readonly Figure[] {
  return [
    { name: '40 x fibo(10)', value: lightMs, unit: 'ms', bar: { atMost: 250 } },
    { name: '10 x fibo(33)', value: longMs, unit: 'ms' },
    { name: '10 x fibo(33), the bare functions', value: bareMs, unit: 'ms' },
    { name: '10 x fibo(33) over the bare functions', value: longMs / bareMs, unit: 'ratio', bar: { atMost: 1.05 } },
  ];
}

async function runMs(cluster: Cluster, dagId: string): Promise<number> {
  const ids = await cluster.trigger([dagId]);
  await cluster.ended(ids);
  const { rows } = await cluster.query<{ ms: number }>(
    'select extract(epoch from ended_at - queued_at)::float8 * 1000 as ms from dag_run where dag_run_id = any($1::uuid[])',
    [ids],
  );
  return rows[0]?.ms as number;
}

function bareFibonacci(times: number, n: number): number {
  const fibo = (k: number): number => (k < 2 ? k : fibo(k - 1) + fibo(k - 2));
  fibo(25);
  const begun = performance.now();
  for (let index = 0; index < times; index++) fibo(n);
  return performance.now() - begun;
}
