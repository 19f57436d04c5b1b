/** Windlass as its users start it, in the same run and on the same servers as the others. */
import { Cluster } from '../harness/cluster.ts';
import { widenPool } from '../harness/rooms.ts';
import type { Servers } from '../harness/servers.ts';
import { percentile } from '../harness/statistics.ts';
import { chainDag, fibonacciDag, independentDag } from '../scenarios/dag-texts.ts';
import { hopsOf, type Peer, type PeerFigures, type Sizes, type Times } from './peer.ts';

export async function startWindlass(servers: Servers, sizes: Sizes): Promise<Peer> {
  const dags = {
    'chain.ts': chainDag('chain', sizes.chain),
    'wide.ts': independentDag('wide', sizes.wide),
    'fibonacci.ts': fibonacciDag('fibonacci', sizes.fibonacci, 10),
  };
  const cluster = await Cluster.open(servers, { name: 'peers', dags });
  await widenPool(cluster);
  await Promise.all([cluster.start('scheduler'), cluster.start('worker'), cluster.start('webserver')]);
  await cluster.parsed(Object.keys(dags).length);
  return {
    name: 'Windlass',
    setUp: 'scheduler, one worker with its default 8 slots, web server; defaults (parallelism 32); same Postgres and Redis',
    measure: (wanted) => measure(cluster, wanted),
    stop: () => cluster.stop(),
  };
}

async function measure(cluster: Cluster, sizes: Sizes): Promise<PeerFigures> {
  await run(cluster, 'wide'); // warm-up
  const hops = hopsOf((await run(cluster, 'chain')).times);
  const wide = await run(cluster, 'wide');
  const fibonacci = await run(cluster, 'fibonacci');
  return {
    hopP50Ms: percentile(hops, 0.5),
    hopP99Ms: percentile(hops, 0.99),
    tasksPerSecond: sizes.wide / (wide.ms / 1000),
    fibonacciMs: fibonacci.ms,
  };
}

async function run(cluster: Cluster, dagId: string): Promise<{ readonly ms: number; readonly times: Times }> {
  const ids = await cluster.trigger([dagId]);
  await cluster.ended(ids);
  const { rows } = await cluster.query<{ ms: number }>(
    'select extract(epoch from ended_at - queued_at)::float8 * 1000 as ms from dag_run where dag_run_id = any($1::uuid[])',
    [ids],
  );
  const tasks = await cluster.query<{ started: number; ended: number }>(
    `select extract(epoch from ti.started_at)::float8 * 1000 as started, extract(epoch from ti.ended_at)::float8 * 1000 as ended
       from task_instance ti where ti.dag_run_id = any($1::uuid[]) order by ti.task_id`,
    [ids],
  );
  return { ms: rows[0]?.ms ?? Number.NaN, times: tasks.rows.map((row) => [row.started, row.ended]) };
}
