/** What an idle Windlass costs: memory and CPU of each process of `npm start`, and how long the commands take to start. */
import { execFileSync } from 'node:child_process';
import { systemClock } from '#platform/clock.ts';
import { Cluster } from '../harness/cluster.ts';
import { cpuSince, usageBelow } from '../harness/processes.ts';
import { type Figure, medianFigures } from '../harness/report.ts';
import { independentDag } from './dag-texts.ts';
import type { Bench, Scenario } from './scenario.ts';

/** After a start: caches are written, the spare task process has started, nothing is due. */
const SETTLE_MS = 10_000;
const IDLE_MS = 20_000;
/** Not the benchmark's own, nor the servers below. */
const SERVERS = new Set(['postgres', 'redis', 'raw', 'other']);

export const footprint: Scenario = {
  name: 'footprint',
  about: 'memory and CPU of every process while idle and under load; start-up time of each command',
  async run({ servers, quick, runs }: Bench) {
    const cluster = await Cluster.open(servers, { name: 'footprint', dags: { 'batch.ts': independentDag('batch', 100) } });
    try {
      const starts: Figure[] = [];
      for (const role of ['scheduler', 'worker', 'webserver', 'monitor'] as const)
        starts.push({ name: `windlass ${role}, start to ready`, value: (await cluster.start(role)).readyMs, unit: 'ms' });
      await cluster.parsed(1);
      const rounds: (readonly Figure[])[] = [];
      for (let round = 0; round < runs; round++) {
        await systemClock.sleep(quick ? 2_000 : SETTLE_MS);
        rounds.push([...(await idle(quick ? 3_000 : IDLE_MS)), ...(await underLoad(cluster))]);
      }
      const commands = ['version', 'dags list'].map((command) => commandMs(cluster, command));
      const figures = [...medianFigures(rounds), ...starts, ...commands];
      const setUp = `scheduler, worker (8 slots), web server and monitor as processes of their own; idle for ${IDLE_MS / 1000} s`;
      return {
        scenario: 'footprint',
        setUp,
        runs,
        figures,
        notes: ['npm start runs the same processes below one more, which only watches them'],
      };
    } finally {
      await cluster.stop();
    }
  },
};

async function idle(ms: number): Promise<readonly Figure[]> {
  const before = usageBelow(process.pid);
  await systemClock.sleep(ms);
  const now = usageBelow(process.pid, true);
  const own = [...now].filter(([part]) => !SERVERS.has(part));
  const cpu = [...cpuSince(before, now)].filter(([part]) => !SERVERS.has(part)).reduce((sum, [, seconds]) => sum + seconds, 0);
  return [
    { name: 'idle CPU, Postgres and Redis apart', value: (cpu / (ms / 1000)) * 100, unit: '% of a core', bar: { atMost: 1 } },
    {
      name: 'idle PSS, Postgres and Redis apart',
      value: own.reduce((sum, [, usage]) => sum + usage.pssMb, 0),
      unit: 'MB',
      bar: { atMost: 450 },
    },
    ...own.map(([part, usage]): Figure => ({ name: `idle PSS, ${part} (${usage.processes})`, value: usage.pssMb, unit: 'MB' })),
  ];
}

async function underLoad(cluster: Cluster): Promise<readonly Figure[]> {
  await cluster.ended(await cluster.trigger(Array.from({ length: 10 }, () => 'batch')));
  const own = [...usageBelow(process.pid, true)].filter(([part]) => !SERVERS.has(part));
  return [{ name: 'PSS after 1,000 tasks', value: own.reduce((sum, [, usage]) => sum + usage.pssMb, 0), unit: 'MB' }];
}

function commandMs(cluster: Cluster, command: string): Figure {
  const times = [1, 2, 3].map(() => {
    const begun = performance.now();
    execFileSync(process.execPath, cluster.commandLine(command.split(' ')), {
      env: cluster.environment,
      cwd: cluster.folder,
      stdio: 'ignore',
    });
    return performance.now() - begun;
  });
  return { name: `windlass ${command}`, value: Math.min(...times), unit: 'ms' };
}
