/** Ten thousand independent no-op tasks in runs of a hundred, and one run that maps over ten thousand elements. */
import { Cluster } from '../harness/cluster.ts';
import { type Figure, medianFigures } from '../harness/report.ts';
import { ROOMY, widenPool } from '../harness/rooms.ts';
import { cpuNote, type WorkedOff, workOff } from './backlog.ts';
import { independentDag, wideMapDag } from './dag-texts.ts';
import type { Bench, Scenario } from './scenario.ts';

const RUN_SIZE = 100;

export const throughput: Scenario = {
  name: 'throughput',
  about: '10,000 independent no-op tasks in runs of 100, and one run with a 10,000-wide map',
  async run({ servers, quick, runs, limits }: Bench) {
    const count = quick ? 5 : 100;
    const dags = { 'batch.ts': independentDag('batch', RUN_SIZE), 'wide.ts': wideMapDag('wide', count * RUN_SIZE) };
    const cluster = await Cluster.open(servers, { name: 'throughput', dags, environment: ROOMY });
    try {
      await widenPool(cluster);
      await Promise.all([cluster.start('scheduler'), cluster.start('worker')]);
      await cluster.parsed(2);
      const many: WorkedOff[] = [];
      const wide: WorkedOff[] = [];
      for (let round = 0; round <= runs; round++) {
        const one = await workOff(
          cluster,
          Array.from({ length: round === 0 ? 2 : count }, () => 'batch'),
        );
        const other = await workOff(cluster, ['wide']);
        if (round === 0) continue;
        many.push(one);
        wide.push(other);
      }
      const rounds = many.map((one, index) => figuresOf(one, wide[index] as WorkedOff, limits.bullmq.jobsPerSecond));
      const setUp = `one scheduler, one worker with 8 slots, ${count} runs of ${RUN_SIZE}, events and logs written`;
      return { scenario: 'throughput', setUp, runs, figures: medianFigures(rounds), notes: [cpuNote(many), `wide map: ${cpuNote(wide)}`] };
    } finally {
      await cluster.stop();
    }
  },
};

function figuresOf(many: WorkedOff, wide: WorkedOff, rawPerSecond: number): readonly Figure[] {
  return [
    { name: 'independent tasks', value: many.tasksPerSecond, unit: 'tasks/s', bar: { atLeast: 3_000 } },
    {
      name: 'share of bare BullMQ, one job per task',
      value: many.tasksPerSecond / rawPerSecond,
      unit: 'ratio',
      bar: { atLeast: 0.5 },
    },
    { name: 'CPU over all processes', value: many.cpuUsPerTask, unit: 'µs CPU/task', bar: { atMost: 190 } },
    { name: 'one wide map', value: wide.tasksPerSecond, unit: 'tasks/s' },
    { name: 'wide map over independent tasks', value: wide.tasksPerSecond / many.tasksPerSecond, unit: 'ratio', bar: { atLeast: 0.8 } },
    { name: 'CPU over all processes, wide map', value: wide.cpuUsPerTask, unit: 'µs CPU/task' },
  ];
}
