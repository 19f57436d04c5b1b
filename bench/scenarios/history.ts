/** The same throughput with a million finished task instances in the database, and how long the lists take beside it. */
import { FIRST_PLACE, type SummaryPlace, summarizeRuns } from '#platform/db/queries/care/summarize-runs.ts';
import { Cluster } from '../harness/cluster.ts';
import { type Figure, medianFigures } from '../harness/report.ts';
import { ROOMY, widenPool } from '../harness/rooms.ts';
import { percentile } from '../harness/statistics.ts';
import { type WorkedOff, workOff } from './backlog.ts';
import { independentDag } from './dag-texts.ts';
import type { Bench, Scenario } from './scenario.ts';
import { WebClient } from './web-client.ts';

const LISTS = [
  '/api/v2/dags?limit=50',
  '/api/v2/dags/batch/dagRuns?limit=50&order_by=-run_after',
  '/api/v2/dags/~/dagRuns?limit=50&order_by=-run_after',
  '/api/v2/dags/batch/dagRuns/~/taskInstances?limit=50',
  '/api/v2/dags/~/dagRuns/~/taskInstances?limit=50&order_by=-start_date',
  '/api/v2/dags/~/dagRuns/~/taskInstances?limit=50&state=failed&order_by=-start_date',
  '/api/v2/dags/~/dagRuns/~/taskInstances?limit=50&state=running&state=queued',
];
const REQUESTS = 70;
/** A statement may take half a minute. */
const RUNS_AT_ONCE = 500;
/** As many as a scheduler sums up at a time. */
const SUMMED_AT_ONCE = 500;

export const history: Scenario = {
  name: 'history',
  about: 'throughput with 1,000,000 finished task instances already there, and the p95 of list endpoints',
  async run({ servers, quick, runs }: Bench) {
    const count = quick ? 5 : 50;
    const cluster = await Cluster.open(servers, {
      name: 'history',
      dags: { 'batch.ts': independentDag('batch', 100) },
      environment: ROOMY,
    });
    try {
      await widenPool(cluster);
      const [, , web] = await Promise.all([cluster.start('scheduler'), cluster.start('worker'), cluster.start('webserver')]);
      await cluster.parsed(1);
      const backlog = Array.from({ length: count }, () => 'batch');
      await workOff(cluster, backlog);
      const empty = await repeat(runs, () => workOff(cluster, backlog));
      const rows = await addHistory(cluster, quick ? 200 : 10_000);
      const client = await WebClient.logIn(web.url);
      await workOff(cluster, backlog);
      const full = await repeat(runs, async () => ({ worked: await workOff(cluster, backlog), listsMs: await timeLists(client) }));
      const figures = full.map(({ worked, listsMs }, index) => figuresOf(empty[index] as WorkedOff, worked, listsMs));
      const setUp = `one scheduler, one worker, ${count} runs of 100 tasks, before and after ${rows.toLocaleString('en-US')} finished ones`;
      return { scenario: 'history', setUp, runs, figures: medianFigures(figures), notes: [`lists: ${LISTS.join(', ')}`] };
    } finally {
      await cluster.stop();
    }
  },
};

function figuresOf(empty: WorkedOff, full: WorkedOff, listsMs: readonly number[]): readonly Figure[] {
  return [
    { name: 'with history', value: full.tasksPerSecond, unit: 'tasks/s' },
    { name: 'without', value: empty.tasksPerSecond, unit: 'tasks/s' },
    { name: 'CPU per task, with over without', value: full.cpuUsPerTask / empty.cpuUsPerTask, unit: 'ratio', bar: { atMost: 1.3 } },
    { name: 'list endpoints, p95', value: percentile(listsMs, 0.95), unit: 'ms', bar: { atMost: 100 } },
  ];
}

/** Finished runs of 100 with their attempts and events, as if made over the last year. Returns the task instances. */
async function addHistory(cluster: Cluster, runs: number): Promise<number> {
  for (let made = 0; made < runs; made += RUNS_AT_ONCE) await addRuns(cluster, made + 1, Math.min(runs, made + RUNS_AT_ONCE));
  // Their scheduler would have done it as they ended.
  for (let after: SummaryPlace | null = FIRST_PLACE; after !== null; )
    after = (await summarizeRuns(cluster.db, { after, runsMax: SUMMED_AT_ONCE, settledMs: 0 })).next;
  await cluster.query('vacuum analyze');
  return runs * 100;
}

async function addRuns(cluster: Cluster, from: number, to: number): Promise<void> {
  const { rows } = await cluster.query<{ id: string }>(
    `insert into dag_run (dag_run_id, dag_id, run_id, run_type, state, version_id, shard, run_after, triggered_by, queued_at, started_at, ended_at)
     select new_id(), d.dag_id, 'history__' || n, 'manual', 'success', d.version_id, d.shard, at, 'rest_api', at, at, at + interval '1 minute'
       from dag d, generate_series($1::int, $2::int) as n, lateral (select now() - n * interval '50 minutes' as at) as t
     returning dag_run_id as id`,
    [from, to],
  );
  const made = [rows.map(({ id }) => id)];
  await cluster.query(
    `insert into task_instance (task_instance_id, dag_run_id, task_id, state, try_number, operator, queue, pool, pool_slots, priority_weight, started_at, ended_at)
     select new_id(), r.dag_run_id, 't' || n, 'success', 1, 'task', 'default', 'default_pool', 1, 1, r.started_at, r.ended_at
       from dag_run r, generate_series(0, 99) as n where r.dag_run_id = any($1::uuid[])`,
    made,
  );
  await cluster.query(
    `insert into task_attempt (attempt_id, task_instance_id, try_number, clear_number, lease_epoch, worker_id, hostname, outcome, claimed_at, ended_at)
     select new_id(), ti.task_instance_id, 1, 0, 1, 'worker', 'host', 'success', ti.started_at, ti.ended_at
       from task_instance ti where ti.dag_run_id = any($1::uuid[])`,
    made,
  );
  await cluster.query(
    `insert into task_instance_event (task_instance_id, event, from_state, to_state, try_number, lease_epoch, actor, at)
     select ti.task_instance_id, e.event, e.before, e.after, 1, 1, 'bench', ti.started_at
       from task_instance ti,
            (values ('schedule', 'none', 'scheduled'), ('enqueue', 'scheduled', 'queued'), ('start', 'queued', 'running'), ('succeed', 'running', 'success')) as e(event, before, after)
      where ti.dag_run_id = any($1::uuid[])`,
    made,
  );
}

async function timeLists(client: WebClient): Promise<readonly number[]> {
  const times: number[] = [];
  for (let index = 0; index < REQUESTS; index++) {
    const begun = performance.now();
    await client.get(LISTS[index % LISTS.length] as string);
    times.push(performance.now() - begun);
  }
  return times;
}

async function repeat<T>(times: number, measure: () => Promise<T>): Promise<readonly T[]> {
  const all: T[] = [];
  for (let index = 0; index < times; index++) all.push(await measure());
  return all;
}
