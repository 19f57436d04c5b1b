/** One DAG of 2,000 tasks with 10,000 edges, and a chain of 2,000: what a task costs must not grow with its DAG. */
import { Cluster } from '../harness/cluster.ts';
import { type Figure, medianFigures } from '../harness/report.ts';
import { ROOMY, widenPool } from '../harness/rooms.ts';
import { cpuNote, type WorkedOff, workOff } from './backlog.ts';
import { chainDag, independentDag, layeredDag } from './dag-texts.ts';
import type { Bench, Scenario } from './scenario.ts';

const EDGES_PER_TASK = 5;

export const giant: Scenario = {
  name: 'giant',
  about: 'one DAG of 2,000 tasks with 10,000 edges, and a chain of 2,000',
  async run({ servers, quick, runs }: Bench) {
    const tasks = quick ? 200 : 2_000;
    const layers = tasks / 50;
    const dags = {
      'flat.ts': independentDag('flat', 100),
      'layered.ts': layeredDag('layered', layers, 50, EDGES_PER_TASK),
      'chain.ts': chainDag('chain', tasks),
      'short.ts': chainDag('short', 100),
    };
    const cluster = await Cluster.open(servers, { name: 'giant', dags, environment: ROOMY });
    try {
      await widenPool(cluster);
      await Promise.all([cluster.start('scheduler'), cluster.start('worker')]);
      await cluster.parsed(4);
      const rounds: { readonly figures: readonly Figure[]; readonly layered: WorkedOff }[] = [];
      for (let round = 0; round <= runs; round++) {
        const flat = await workOff(
          cluster,
          Array.from({ length: tasks / 100 }, () => 'flat'),
        );
        const layered = await workOff(cluster, ['layered']);
        const short = await workOff(cluster, ['short']);
        const chain = await workOff(cluster, ['chain']);
        if (round > 0) rounds.push({ layered, figures: figuresOf(flat, layered, short, chain) });
      }
      const setUp = `one scheduler, one worker; ${tasks} tasks in ${layers} layers of 50, ${EDGES_PER_TASK} edges each; a chain of ${tasks}`;
      return {
        scenario: 'giant',
        setUp,
        runs,
        figures: medianFigures(rounds.map((round) => round.figures)),
        notes: [cpuNote(rounds.map((round) => round.layered))],
      };
    } finally {
      await cluster.stop();
    }
  },
};

function figuresOf(flat: WorkedOff, layered: WorkedOff, short: WorkedOff, chain: WorkedOff): readonly Figure[] {
  return [
    { name: 'layered DAG', value: layered.tasksPerSecond, unit: 'tasks/s' },
    { name: 'CPU, layered DAG', value: layered.cpuUsPerTask, unit: 'µs CPU/task' },
    {
      name: 'CPU of layered over as many tasks in runs of 100',
      value: layered.cpuUsPerTask / flat.cpuUsPerTask,
      unit: 'ratio',
      bar: { atMost: 1.3 },
    },
    { name: 'long chain', value: chain.tasksPerSecond, unit: 'tasks/s' },
    { name: 'a task of the long chain over one of a chain of 100, time', value: ratio(chain, short), unit: 'ratio', bar: { atMost: 1.3 } },
  ];
}

function ratio(long: WorkedOff, short: WorkedOff): number {
  return long.seconds / long.tasks / (short.seconds / short.tasks);
}
