/** One backlog worked off: how many tasks a second, and what each cost in CPU over all processes. */
import type { Cluster } from '../harness/cluster.ts';
import { cpuSince, usageBelow } from '../harness/processes.ts';

export interface WorkedOff {
  readonly tasks: number;
  readonly seconds: number;
  readonly tasksPerSecond: number;
  readonly cpuUsPerTask: number;
  /** µs per task by part: scheduler, worker, tasks, postgres, redis. */
  readonly cpuByPart: Readonly<Record<string, number>>;
}

/** Makes one run of each DAG, waits for all, and takes the times from Postgres: first run created to last run ended. */
export async function workOff(cluster: Cluster, dagIds: readonly string[]): Promise<WorkedOff> {
  const before = usageBelow(process.pid);
  const ids = await cluster.trigger(dagIds);
  await cluster.ended(ids, 600_000);
  const spent = cpuSince(before, usageBelow(process.pid));
  const { rows } = await cluster.query<{ tasks: number; seconds: number; events: number }>(
    `select count(*)::int as tasks,
            (select extract(epoch from max(ended_at) - min(queued_at))::float8 from dag_run where dag_run_id = any($1::uuid[])) as seconds,
            (select count(*)::int from task_instance_event e join task_instance ti using (task_instance_id) where ti.dag_run_id = any($1::uuid[])) as events
       from task_instance where dag_run_id = any($1::uuid[]) and state = 'success'`,
    [ids],
  );
  const { tasks, seconds, events } = rows[0] as { tasks: number; seconds: number; events: number };
  // A figure without its history would be a figure of something else.
  if (events < tasks * 4) throw new Error(`${tasks} tasks left only ${events} events`);
  const perTask = (cpuSeconds: number) => (cpuSeconds * 1e6) / tasks;
  const cpuByPart = Object.fromEntries([...spent].filter(([, cpu]) => cpu > 0).map(([part, cpu]) => [part, perTask(cpu)]));
  return {
    tasks,
    seconds,
    tasksPerSecond: tasks / seconds,
    cpuUsPerTask: perTask([...spent.values()].reduce((a, b) => a + b, 0)),
    cpuByPart,
  };
}

/** "scheduler 40 + worker 60 + ... µs" */
export function cpuNote(worked: readonly WorkedOff[]): string {
  const last = worked.at(-1);
  if (last === undefined) return '';
  const parts = Object.entries(last.cpuByPart).map(([part, us]) => `${part} ${Math.round(us)}`);
  return `CPU per task of the last run, µs: ${parts.join(' + ')}`;
}
