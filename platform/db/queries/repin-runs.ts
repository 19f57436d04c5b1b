/**
 * repinRuns
 *   who:   the API in the transaction of a clear on the newest version; the DAG processor for a DAG whose runs always
 *          use the newest code; the scheduler when a backfill runs something again
 *   locks: the runs in id order, then their instances that appear, vanish or wait
 *   zero rows: every run has the newest version already
 *
 * Airflow's rule for tasks that come and go: a task the version does not have becomes `removed` (a running attempt is
 * fenced off), one that is new or back becomes `none`. The rest keep their state; those that wait take the new queue,
 * pool and weight.
 */
import type { Queryable } from '../client.ts';

const LOCK_RUNS = {
  name: 'lock_runs_to_repin',
  text: `select r.dag_run_id as id from dag_run r join dag d on d.dag_id = r.dag_id
          where r.dag_id = $1 and r.version_id <> d.version_id
            and case when $2::uuid[] is null then r.state in ('queued', 'running') else r.dag_run_id = any($2) end
          order by r.dag_run_id for update of r`,
};

const LOCK_INSTANCES = {
  name: 'lock_instances_to_repin',
  text: 'select 1 from task_instance where dag_run_id = any($1::uuid[]) order by task_instance_id for update',
};

const REPIN = {
  name: 'repin_runs',
  text: `
with version as (
  select v.version_id, v.spec from dag d join dag_version v on v.version_id = d.version_id where d.dag_id = $2
), runs as (
  update dag_run r set version_id = v.version_id, params = coalesce(v.spec -> 'paramsDefaults', '{}') || r.conf, revision = r.revision + 1
    from version v where r.dag_run_id = any($1::uuid[])
  returning r.dag_run_id
), task as (
  select t ->> 'taskId' as task_id, t ->> 'operator' as operator, t ->> 'queue' as queue, t ->> 'pool' as pool,
         (t ->> 'poolSlots')::int as pool_slots, (t ->> 'priorityWeight')::int as priority_weight, (t ->> 'retries')::int as retries,
         t ->> 'mapScope' is not null as is_mapped
    from version cross join lateral jsonb_array_elements(spec -> 'tasks') as t
), before as (
  select ti.task_instance_id, ti.state, ti.lease_epoch, t.task_id is not null and (t.is_mapped or ti.map_index < 0) as is_known
    from task_instance ti left join task t on t.task_id = ti.task_id
   where ti.dag_run_id = any($1::uuid[])
), removed as (
  update task_instance ti
     set state = 'removed', reason = 'the newest version of the DAG has no such task', lease_epoch = ti.lease_epoch + 1, lease_owner = null,
         lease_expires_at = null, ended_at = coalesce(ti.ended_at, clock_timestamp()), next_try_at = null, progress = null
    from before b where b.task_instance_id = ti.task_instance_id and not b.is_known and b.state <> 'removed'
  returning ti.task_instance_id, ti.try_number, ti.lease_epoch
), restored as (
  update task_instance ti
     set state = 'none', reason = null, lease_epoch = ti.lease_epoch + 1, max_tries = ti.try_number + t.retries, operator = t.operator,
         queue = t.queue, pool = t.pool, pool_slots = t.pool_slots, priority_weight = t.priority_weight, followed = null,
         scheduled_at = null, queued_at = null, started_at = null, ended_at = null, next_try_at = null, first_started_at = null
    from before b, task t where b.task_instance_id = ti.task_instance_id and t.task_id = ti.task_id and b.is_known and b.state = 'removed'
  returning ti.task_instance_id, ti.try_number, ti.lease_epoch
), refreshed as (
  update task_instance ti
     set operator = t.operator, queue = t.queue, pool = t.pool, pool_slots = t.pool_slots, priority_weight = t.priority_weight
    from before b, task t
   where b.task_instance_id = ti.task_instance_id and t.task_id = ti.task_id and b.is_known
     and b.state not in ('removed', 'queued', 'running', 'restarting', 'deferred')
     and (ti.operator, ti.queue, ti.pool, ti.pool_slots, ti.priority_weight) is distinct from (t.operator, t.queue, t.pool, t.pool_slots, t.priority_weight)
), added as (
  insert into task_instance (task_instance_id, dag_run_id, task_id, operator, queue, pool, pool_slots, priority_weight, max_tries)
  select new_id(), r.dag_run_id, t.task_id, t.operator, t.queue, t.pool, t.pool_slots, t.priority_weight, t.retries
    from runs r cross join task t
   where not exists (select 1 from task_instance ti where ti.dag_run_id = r.dag_run_id and ti.task_id = t.task_id and (t.is_mapped or ti.map_index < 0))
  on conflict do nothing
), closed as (
  update task_attempt a set outcome = 'killed', ended_at = clock_timestamp() from removed m
   where a.task_instance_id = m.task_instance_id and a.ended_at is null
), results as (
  delete from xcom x using restored m where x.task_instance_id = m.task_instance_id
), history as (
  insert into task_instance_event (task_instance_id, event, from_state, to_state, try_number, lease_epoch, actor, reason)
  select m.task_instance_id, 'remove', b.state, 'removed', m.try_number, m.lease_epoch, $3, 'the newest version of the DAG has no such task'
    from removed m join before b using (task_instance_id)
  union all
  select m.task_instance_id, 'restore', 'removed', 'none', m.try_number, m.lease_epoch, $3, 'the task is back in the newest version of the DAG'
    from restored m
)
select dag_run_id as id from runs`,
};

/** Gives runs the newest version of their DAG. `dagRunIds` null = all unfinished ones. Returns the runs that changed. */
export async function repinRuns(
  tx: Queryable,
  what: { readonly dagId: string; readonly dagRunIds: readonly string[] | null; readonly actor: string },
): Promise<ReadonlySet<string>> {
  const stale = (await tx.query<{ id: string }>(LOCK_RUNS, [what.dagId, what.dagRunIds])).rows.map((row) => row.id);
  if (stale.length === 0) return new Set();
  await tx.query(LOCK_INSTANCES, [stale]);
  const repinned = await tx.query<{ id: string }>(REPIN, [stale, what.dagId, what.actor]);
  return new Set(repinned.rows.map((row) => row.id));
}
