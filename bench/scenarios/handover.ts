/** From one task's end to its dependent's start, on a system with nothing else to do; and from a trigger to the first start. */
import { Cluster } from '../harness/cluster.ts';
import { type Figure, medianFigures } from '../harness/report.ts';
import { ROOMY, widenPool } from '../harness/rooms.ts';
import { percentile } from '../harness/statistics.ts';
import { chainDag, independentDag } from './dag-texts.ts';
import type { Bench, Scenario } from './scenario.ts';

const LENGTH = 100;
const IDLE_TRIGGERS = 30;

export function handover(broker: 'redis' | 'postgres'): Scenario {
  return {
    name: broker === 'redis' ? 'handover' : 'handover-postgres',
    about: `a chain of ${LENGTH} no-op tasks on an idle system, ${broker} broker`,
    run: (bench) => measure(bench, broker),
  };
}

async function measure({ servers, quick, runs, limits }: Bench, broker: 'redis' | 'postgres') {
  const dags = { 'chain.ts': chainDag('chain', LENGTH), 'single.ts': independentDag('single', 1) };
  const cluster = await Cluster.open(servers, { name: `handover_${broker}`, broker, dags, environment: ROOMY });
  try {
    await widenPool(cluster);
    await Promise.all([cluster.start('scheduler'), cluster.start('worker')]);
    await cluster.parsed(2);
    const rounds: (readonly Figure[])[] = [];
    for (let round = 0; round <= runs; round++) {
      const hops = await hopsOfRun(cluster);
      const starts = await idleStarts(cluster, quick ? 5 : IDLE_TRIGGERS);
      if (round > 0) rounds.push(figuresOf(hops, starts, broker, limits.bullmq.latencyP50Ms));
    }
    const setUp = `one scheduler, one worker with 8 slots, ${broker} broker, chain of ${LENGTH}, body to body`;
    return { scenario: `handover (${broker})`, setUp, runs, figures: medianFigures(rounds), notes: [] };
  } finally {
    await cluster.stop();
  }
}

function figuresOf(hops: readonly number[], starts: readonly number[], broker: 'redis' | 'postgres', rawMs: number): readonly Figure[] {
  const p50 = percentile(hops, 0.5);
  return [
    { name: "end of a body to its dependent's start, p50", value: p50, unit: 'ms', bar: { atMost: broker === 'redis' ? 6 : 20 } },
    {
      name: "end of a body to its dependent's start, p99",
      value: percentile(hops, 0.99),
      unit: 'ms',
      ...(broker === 'redis' && { bar: { atMost: 15 } }),
    },
    { name: 'p50 over idle BullMQ add to processor (Redis)', value: p50 / rawMs, unit: 'ratio' },
    {
      name: 'idle: run created to first body, p50',
      value: percentile(starts, 0.5),
      unit: 'ms',
      ...(broker === 'redis' && { bar: { atMost: 15 } }),
    },
  ];
}

/** The results of the chain are [start, end] of each body, by one clock. */
async function hopsOfRun(cluster: Cluster): Promise<readonly number[]> {
  const times = await bodyTimes(cluster, await cluster.trigger(['chain']));
  return times.slice(1).map(([start], index) => start - (times[index] as readonly [number, number])[1]);
}

async function bodyTimes(cluster: Cluster, ids: readonly string[]): Promise<readonly (readonly [number, number])[]> {
  await cluster.ended(ids);
  const { rows } = await cluster.query<{ value: [number, number] }>(
    `select x.value from xcom x join task_instance ti using (task_instance_id) where ti.dag_run_id = any($1::uuid[]) order by ti.task_id`,
    [ids],
  );
  return rows.map((row) => row.value);
}

/** From the statement that makes a run to its first body, with the system at rest before; ms. */
async function idleStarts(cluster: Cluster, count: number): Promise<readonly number[]> {
  const starts: number[] = [];
  for (let index = 0; index < count; index++) {
    const ids = await cluster.trigger(['single']);
    await cluster.ended(ids);
    const { rows } = await cluster.query<{ ms: number }>(
      `select extract(epoch from a.body_started_at - r.queued_at)::float8 * 1000 as ms
         from dag_run r join task_instance ti using (dag_run_id) join task_attempt a using (task_instance_id) where r.dag_run_id = any($1::uuid[])`,
      [ids],
    );
    starts.push(rows[0]?.ms as number);
  }
  return starts;
}
