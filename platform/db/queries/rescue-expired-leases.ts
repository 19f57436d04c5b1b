import type { Queryable } from '../client.ts';

export interface Rescued {
  readonly id: string;
  readonly dagId: string;
  readonly runId: string;
  readonly shard: number;
  readonly to: string;
  /** Callbacks of it wait to be called. */
  readonly hasCallbacks: boolean;
}

export interface ExpiredLease {
  readonly id: string;
  readonly leaseEpoch: number;
  /** When it is to be tried again, if a try is left. */
  readonly nextTryInMs: number;
}

const STATEMENT = {
  name: 'rescue_expired_leases',
  text: `
with expired as (
  select ti.task_instance_id, ti.lease_epoch, ti.lease_owner, ti.try_number, ti.max_tries, ti.state, r.dag_id, r.run_id, r.shard,
         a.attempt_id, a.body_started_at is not null as body_started, (v.spec -> 'tasks') as tasks, ti.task_id, f.next_try_in_ms
    from unnest($1::uuid[], $4::bigint[], $5::float8[]) as f(task_instance_id, lease_epoch, next_try_in_ms)
    join task_instance ti on ti.task_instance_id = f.task_instance_id and ti.lease_epoch = f.lease_epoch
     and ti.state in ('running', 'restarting') and ti.lease_expires_at < clock_timestamp() - $2 * interval '1 millisecond'
    join dag_run r on r.dag_run_id = ti.dag_run_id and r.state in ('queued', 'running')
    join dag_version v on v.version_id = r.version_id
    left join task_attempt a on a.task_instance_id = ti.task_instance_id and a.ended_at is null
   for update of ti skip locked
), decided as (
  select e.*,
         case when e.state = 'restarting' then 'restart'
              when not e.body_started then 'requeue_unstarted'
              when e.try_number <= e.max_tries then 'lose' else 'fail_lost' end as event
    from expired e
), moved as (
  update task_instance ti
     set state = case d.event when 'restart' then 'none' when 'requeue_unstarted' then 'scheduled' when 'lose' then 'up_for_retry' else 'failed' end,
         lease_epoch = ti.lease_epoch + 1, lease_owner = null, lease_expires_at = null, progress = null,
         ended_at = case when d.event in ('lose', 'fail_lost') then clock_timestamp() end,
         next_try_at = case when d.event = 'lose' then clock_timestamp() + d.next_try_in_ms * interval '1 millisecond' end,
         reason = case d.event when 'restart' then null
                    when 'requeue_unstarted' then 'worker ' || d.lease_owner || ' was lost before the task began; queued again'
                    when 'lose' then 'worker ' || d.lease_owner || ' was lost while the task ran; try ' || d.try_number || ' of ' || (d.max_tries + 1)
                    else 'worker ' || d.lease_owner || ' was lost while the task ran, and no try is left' end
    from decided d where ti.task_instance_id = d.task_instance_id
  returning ti.task_instance_id, ti.state, ti.lease_epoch, ti.reason, ti.try_number, ti.dag_run_id, ti.queue
), closed as (
  update task_attempt a set outcome = 'lost', ended_at = clock_timestamp() from decided d where a.attempt_id = d.attempt_id
), history as (
  insert into task_instance_event (task_instance_id, event, from_state, to_state, try_number, lease_epoch, actor, reason)
  select m.task_instance_id, d.event, d.state, m.state, m.try_number, m.lease_epoch, 'scheduler:' || $3, m.reason
    from moved m join decided d on d.task_instance_id = m.task_instance_id
), callbacks as (
  insert into callback_request (dag_run_id, task_instance_id, kind, position, name, reason, message, try_number, queue)
  select m.dag_run_id, m.task_instance_id, k.kind, n.position - 1, n.name, k.reason, m.reason, m.try_number, m.queue
    from moved m join decided d on d.task_instance_id = m.task_instance_id
    join (values ('lose', 'on_retry', 'retry'), ('fail_lost', 'on_failure', 'task_failure')) as k(event, kind, reason) on k.event = d.event
   cross join lateral jsonb_array_elements(d.tasks) as t
   cross join lateral jsonb_array_elements_text(t -> 'callbacks' -> k.kind) with ordinality as n(name, position)
   where t ->> 'taskId' = d.task_id
  returning task_instance_id
)
select m.task_instance_id as id, d.dag_id as "dagId", d.run_id as "runId", d.shard, m.state as "to",
       exists (select 1 from callbacks c where c.task_instance_id = m.task_instance_id) as "hasCallbacks"
  from moved m join decided d on d.task_instance_id = m.task_instance_id`,
};

/**
 * rescueExpiredLeases    who: scheduler, with what findExpiredLeases found; several may run at once (skip locked).
 * Locks the expired rows. An attempt whose lease ran out by the database's clock plus a grace is lost: one that had
 * not begun is requeued for free, one that had costs a try (P4). The epoch is raised, so the old worker writes nothing.
 * Zero rows = nothing was lost: all were renewed, ended, or rescued by another since they were found.
 */
export async function rescueExpiredLeases(
  db: Queryable,
  found: readonly ExpiredLease[],
  how: { readonly graceMs: number; readonly owner: string },
): Promise<readonly Rescued[]> {
  const columns = [
    found.map((one) => one.id),
    how.graceMs,
    how.owner,
    found.map((one) => one.leaseEpoch),
    found.map((one) => one.nextTryInMs),
  ];
  return (await db.query<Rescued>(STATEMENT, columns)).rows;
}
