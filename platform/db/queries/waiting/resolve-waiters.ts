import { TASK_INSTANCE_TRANSITIONS, type TaskInstanceEvent } from '#core/states.ts';
import type { Resumed } from '#core/waiting/waiter.ts';
import type { Queryable } from '../../client.ts';
import { inLockOrder } from '../../lock-order.ts';
import { QUEUE_EVENTS } from '../assets/queue-events.ts';

export type ResolveEvent = Extract<TaskInstanceEvent, 'wake' | 'succeed_deferred' | 'fail_deferred' | 'retry_deferred' | 'skip_deferred'>;

export interface Resolution {
  readonly taskInstanceId: string;
  /** As the waiter has it. */
  readonly leaseEpoch: number;
  readonly event: ResolveEvent;
  /** In words, shown beside the state. */
  readonly reason: string | null;
  /** wake: what the body is told. */
  readonly resumed?: Resumed;
  /** succeed_deferred: JSON text of the result, encoded as a body's; absent = no result is stored. */
  readonly valueJson?: string;
  /** retry_deferred: not before this many ms from now. */
  readonly nextTryInMs?: number;
}

export interface Resolved {
  readonly taskInstanceId: string;
  readonly dagId: string;
  readonly runId: string;
  readonly shard: number;
}

const STATEMENT = {
  name: 'resolve_waiters',
  text: `
with asked as (
  select * from unnest($2::uuid[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::float8[])
    as a(task_instance_id, lease_epoch, event, to_state, reason, resumed, value, next_try_ms)
), held as materialized (
  -- Before the clock is read: one read for a row that must be waited for says when the waiting began.
  select a.* from asked a join task_instance ti on ti.task_instance_id = a.task_instance_id and ti.state = 'deferred' and ti.lease_epoch = a.lease_epoch
   order by a.task_instance_id for update of ti
), moved as (
  update task_instance ti
     set state = a.to_state, reason = a.reason, resumed = a.resumed::jsonb,
         scheduled_at = case when a.event = 'wake' then clock_timestamp() else ti.scheduled_at end,
         ended_at = case when a.event = 'wake' then null else clock_timestamp() end,
         next_try_at = clock_timestamp() + a.next_try_ms * interval '1 millisecond',
         first_started_at = case when a.event = 'retry_deferred' then null else ti.first_started_at end
    from held a
   where ti.task_instance_id = a.task_instance_id and ti.state = 'deferred' and ti.lease_epoch = a.lease_epoch
  returning ti.task_instance_id, ti.dag_run_id, ti.task_id, ti.map_index, ti.queue, ti.try_number, ti.lease_epoch, a.event, a.to_state, a.reason, a.value
), history as (
  insert into task_instance_event (task_instance_id, event, from_state, to_state, try_number, lease_epoch, actor, reason)
  select task_instance_id, event, 'deferred', to_state, try_number, lease_epoch, $1, reason from moved
), results as (
  insert into xcom (task_instance_id, key, attempt_id, value, bytes)
  select m.task_instance_id, 'return_value',
         coalesce((select a.attempt_id from task_attempt a where a.task_instance_id = m.task_instance_id order by a.lease_epoch desc limit 1), new_id()),
         m.value::jsonb, octet_length(m.value)
    from moved m where m.value is not null
  on conflict (task_instance_id, key) do update set attempt_id = excluded.attempt_id, value = excluded.value, bytes = excluded.bytes, created_at = clock_timestamp()
), callbacks as (
  insert into callback_request (dag_run_id, task_instance_id, kind, position, name, reason, message, try_number, queue)
  select m.dag_run_id, m.task_instance_id, k.kind, n.position - 1, n.name, k.reason, m.reason, m.try_number, m.queue
    from moved m
    join (values ('succeed_deferred', 'on_success', 'success'), ('fail_deferred', 'on_failure', 'task_failure'),
                 ('retry_deferred', 'on_retry', 'retry'), ('skip_deferred', 'on_skipped', 'skipped')) as k(event, kind, reason) on k.event = m.event
    join dag_run r on r.dag_run_id = m.dag_run_id join dag_version v on v.version_id = r.version_id
   cross join lateral jsonb_array_elements(v.spec -> 'tasks') as t
   cross join lateral jsonb_array_elements_text(t -> 'callbacks' -> k.kind) with ordinality as n(name, position)
   where t ->> 'taskId' = m.task_id
), emitted as (
  insert into asset_event (asset_id, partition_key, source_dag_id, source_run_id, source_task_id, source_map_index)
  select distinct a.asset_id, r.partition_key, r.dag_id, r.run_id, m.task_id, m.map_index
    from moved m join dag_run r on r.dag_run_id = m.dag_run_id join dag_version v on v.version_id = r.version_id
   cross join lateral jsonb_array_elements(v.spec -> 'tasks') as t
   cross join lateral jsonb_array_elements(t -> 'outlets') as o
    join asset a on a.is_active and o ? 'asset' and (o #>> '{asset,name}' is null or o #>> '{asset,name}' = a.name)
                 and (o #>> '{asset,uri}' is null or o #>> '{asset,uri}' = a.uri)
   where m.event = 'succeed_deferred' and t ->> 'taskId' = m.task_id
  returning event_id, asset_id
), ${QUEUE_EVENTS}
select m.task_instance_id as "taskInstanceId", r.dag_id as "dagId", r.run_id as "runId", r.shard
  from moved m join dag_run r on r.dag_run_id = m.dag_run_id`,
};

/**
 * resolveWaiters    who: triggerer, when what is waited for has come; scheduler, when the time is up; API, for an answer.
 * Locks the deferred instances, by id. Writes state, history, result, requests of callbacks and events of assets together; the waiter's row goes with the state.
 * An instance missing from the answer was answered before, or a person changed it: nothing of this was written.
 * Afterwards ring `task_instances_ended` with the ids, as for a finished attempt.
 */
export async function resolveWaiters(db: Queryable, actor: string, given: readonly Resolution[]): Promise<readonly Resolved[]> {
  const resolutions = inLockOrder(given);
  const result = await db.query<Resolved>(STATEMENT, [
    actor,
    resolutions.map((one) => one.taskInstanceId),
    resolutions.map((one) => one.leaseEpoch),
    resolutions.map((one) => one.event),
    resolutions.map((one) => TASK_INSTANCE_TRANSITIONS[one.event].to),
    resolutions.map((one) => one.reason),
    resolutions.map((one) => (one.event === 'wake' ? JSON.stringify(one.resumed ?? { event: null, state: null }) : null)),
    resolutions.map((one) => one.valueJson ?? null),
    resolutions.map((one) => one.nextTryInMs ?? null),
  ]);
  return result.rows;
}
