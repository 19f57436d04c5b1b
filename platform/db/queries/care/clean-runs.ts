/**
 * cleanRuns    who: `windlass db clean`, batch after batch. Locks the runs of its batch, and skips those somebody else has locked.
 * Deletes old runs and everything that hangs on them, at most so many task instances a call: a run with more of them goes
 * in several, last of all its own row. `busy` false = no old run is left.
 */
import type { Database, Queryable } from '../../client.ts';

const INSTANCES_MAX = 2_000;
const RUNS_MAX = 100;

/**
 * Ended before the instant $1. Kept whatever their age: the newest run of each type of a DAG (the next ones are reckoned from
 * it, tasks look at the past), runs of a backfill that goes on, and runs that a task of an open run has triggered and may wait for.
 */
export const OLD_RUNS = `
    from dag_run r
   where r.state in ('success', 'failed') and r.ended_at < $1::timestamptz
     and exists (select 1 from dag_run n where n.dag_id = r.dag_id and n.run_type = r.run_type and (n.run_after, n.dag_run_id) > (r.run_after, r.dag_run_id))
     and not exists (select 1 from backfill b where b.backfill_id = r.backfill_id and b.completed_at is null)
     and not exists (select 1 from task_instance t join dag_run w on w.dag_run_id = t.dag_run_id
                      where t.task_instance_id = r.triggering_instance_id and w.ended_at is null)`;

/** Table -> how it hangs on `chosen`, the task instances of a batch. */
const OF_INSTANCES = [
  'task_attempt',
  'task_instance_event',
  'xcom',
  'callback_request',
  'approval_request',
  'waiter',
  'task_state',
  'rendered_field',
] as const;
const OF_RUNS = ['task_map', 'deadline', 'callback_request', 'asset_dag_event'] as const;
export const RUN_TABLES: readonly string[] = [...new Set(['dag_run', 'task_instance', ...OF_INSTANCES, ...OF_RUNS])];

const FIND_RUNS = {
  name: 'clean_find_runs',
  text: `select r.dag_run_id as "dagRunId", r.dag_id as "dagId", r.run_id as "runId" ${OLD_RUNS} order by r.ended_at limit ${RUNS_MAX} for update of r skip locked`,
};
const LOCK_RUNS = {
  name: 'clean_lock_runs',
  text: `select r.dag_run_id as "dagRunId" ${OLD_RUNS} and r.dag_run_id = any($2::uuid[]) for update of r skip locked`,
};

const DELETE_INSTANCES = {
  name: 'clean_instances',
  text: `
with chosen as materialized (
  select task_instance_id from task_instance where dag_run_id = any($1::uuid[]) limit ${INSTANCES_MAX}
), ${OF_INSTANCES.map((table) => `d_${table} as (delete from ${table} x using chosen c where x.task_instance_id = c.task_instance_id returning 1)`).join(', ')},
d_task_instance as (delete from task_instance x using chosen c where x.task_instance_id = c.task_instance_id returning 1)
${['task_instance', ...OF_INSTANCES].map((table) => `select '${table}' as "table", count(*)::int as rows from d_${table}`).join(' union all ')}`,
};

const DELETE_RUNS = {
  name: 'clean_runs',
  text: `
with chosen as materialized (
  select dag_run_id from dag_run r where dag_run_id = any($1::uuid[])
     and not exists (select 1 from task_instance t where t.dag_run_id = r.dag_run_id)
), ${OF_RUNS.map((table) => `d_${table} as (delete from ${table} x using chosen c where x.dag_run_id = c.dag_run_id returning 1)`).join(', ')},
d_dag_run as (delete from dag_run x using chosen c where x.dag_run_id = c.dag_run_id returning 1)
${OF_RUNS.map((table) => `select '${table}' as "table", count(*)::int as rows from d_${table}`).join(' union all ')}
union all select 'dag_run', count(*)::int from d_dag_run`,
};

export interface OldRun {
  readonly dagRunId: string;
  readonly dagId: string;
  readonly runId: string;
}

export interface CleanedBatch {
  readonly busy: boolean;
  readonly deleted: Readonly<Record<string, number>>;
}

/**
 * `going` is called first, with the runs: should it fail, or the process die, they are found again. No transaction is open
 * meanwhile: what it removes from a slow disk may take longer than Postgres lets one idle.
 */
export async function cleanRuns(db: Database, before: Date, going: (runs: readonly OldRun[]) => Promise<void>): Promise<CleanedBatch> {
  const found = (await db.query<OldRun>(FIND_RUNS, [before])).rows;
  if (found.length === 0) return { busy: false, deleted: {} };
  await going(found);
  return db.transaction('clean_runs', async (tx) => {
    const locked = (await tx.query<{ dagRunId: string }>(LOCK_RUNS, [before, found.map((run) => run.dagRunId)])).rows.map(
      (run) => run.dagRunId,
    );
    if (locked.length === 0) return { busy: false, deleted: {} };
    const ofInstances = (await tx.query<{ table: string; rows: number }>(DELETE_INSTANCES, [locked])).rows;
    const ofRuns = (await tx.query<{ table: string; rows: number }>(DELETE_RUNS, [locked])).rows;
    return { busy: true, deleted: addUp([...ofInstances, ...ofRuns]) };
  });
}

/** How many rows `cleanRuns` would delete in all, by table. */
export async function countOldRuns(db: Queryable, before: Date): Promise<Readonly<Record<string, number>>> {
  const counts = [
    `select 'dag_run' as "table", count(*)::int as rows from old`,
    `select 'task_instance', count(*)::int from instances`,
    ...OF_INSTANCES.map((table) => `select '${table}', count(*)::int from ${table} x join instances i using (task_instance_id)`),
    ...OF_RUNS.map(
      (table) =>
        `select '${table}', count(*)::int from ${table} x join old o on o.dag_run_id = x.dag_run_id${table === 'callback_request' ? ' where x.task_instance_id is null' : ''}`,
    ),
  ];
  const text = `
with old as materialized (select r.dag_run_id ${OLD_RUNS}),
instances as materialized (select task_instance_id from task_instance t join old o on o.dag_run_id = t.dag_run_id)
${counts.join(' union all ')}`;
  return addUp((await db.query<{ table: string; rows: number }>({ name: 'count_old_runs', text }, [before])).rows);
}

function addUp(rows: readonly { readonly table: string; readonly rows: number }[]): Readonly<Record<string, number>> {
  const sums: Record<string, number> = {};
  for (const { table, rows: count } of rows) sums[table] = (sums[table] ?? 0) + count;
  return sums;
}
