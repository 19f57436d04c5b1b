/** The same backlog with 1, 2 and 4 workers, and with 1 and 2 schedulers. */
import { Cluster } from '../harness/cluster.ts';
import { type Figure, medianFigures } from '../harness/report.ts';
import { ROOMY, widenPool } from '../harness/rooms.ts';
import { type WorkedOff, workOff } from './backlog.ts';
import { independentDag, sleepingDag } from './dag-texts.ts';
import type { Bench, Scenario } from './scenario.ts';

const SLEEP_MS = 100;
const WORKERS = [1, 2, 4];

export const scale: Scenario = {
  name: 'scale',
  about: `1, 2 and 4 workers of 8 slots on tasks that sleep ${SLEEP_MS} ms; 1 and 2 schedulers on no-op tasks`,
  async run({ servers, quick, runs }: Bench) {
    const width = quick ? 100 : 400;
    const dags = { 'sleep.ts': sleepingDag('sleep', width, SLEEP_MS), 'batch.ts': independentDag('batch', 100) };
    const cluster = await Cluster.open(servers, { name: 'scale', dags, environment: ROOMY });
    try {
      await widenPool(cluster);
      await cluster.start('scheduler');
      const byWorkers = new Map<number, readonly WorkedOff[]>();
      let started = 0;
      for (const workers of WORKERS) {
        for (; started < workers; started++) await cluster.start('worker');
        if (workers === 1) await cluster.parsed(2);
        byWorkers.set(workers, await measure(cluster, runs, ['sleep']));
      }
      const backlog = Array.from({ length: quick ? 5 : 30 }, () => 'batch');
      const one = await measure(cluster, runs, backlog);
      await cluster.start('scheduler');
      await cluster.settled();
      const two = await measure(cluster, runs, backlog);
      const rounds = one.map((_, index) => figuresOf(byWorkers, one[index] as WorkedOff, two[index] as WorkedOff, index));
      const setUp = `8 slots a worker; ${width} tasks that sleep ${SLEEP_MS} ms; ${backlog.length} runs of 100 no-op tasks`;
      return { scenario: 'scale', setUp, runs, figures: medianFigures(rounds), notes: [] };
    } finally {
      await cluster.stop();
    }
  },
};

function figuresOf(byWorkers: ReadonlyMap<number, readonly WorkedOff[]>, one: WorkedOff, two: WorkedOff, round: number): readonly Figure[] {
  const rate = (workers: number) => byWorkers.get(workers)?.[round]?.tasksPerSecond ?? Number.NaN;
  return [
    ...WORKERS.map((workers): Figure => ({ name: `sleeping tasks, ${workers} x 8 slots`, value: rate(workers), unit: 'tasks/s' })),
    { name: 'share of the ideal with one worker', value: rate(1) / (8 / (SLEEP_MS / 1000)), unit: 'ratio' },
    { name: 'two workers over one', value: rate(2) / rate(1), unit: 'ratio', bar: { atLeast: 1.7 } },
    { name: 'four workers over one', value: rate(4) / rate(1), unit: 'ratio' },
    { name: 'no-op tasks, one scheduler', value: one.tasksPerSecond, unit: 'tasks/s' },
    { name: 'two schedulers over one', value: two.tasksPerSecond / one.tasksPerSecond, unit: 'ratio', bar: { atLeast: 1 } },
  ];
}

async function measure(cluster: Cluster, runs: number, dagIds: readonly string[]): Promise<readonly WorkedOff[]> {
  await workOff(cluster, dagIds); // warm-up
  const all: WorkedOff[] = [];
  for (let index = 0; index < runs; index++) all.push(await workOff(cluster, dagIds));
  return all;
}
