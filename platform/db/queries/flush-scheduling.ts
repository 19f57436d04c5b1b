import type { CallbackKind, CallbackReason } from '#core/callbacks.ts';
import type { DagRunState, TaskInstanceEvent, TaskInstanceState } from '#core/states.ts';
import { probe } from '../../probes/probe.ts';
import type { Queryable } from '../client.ts';
import { type NewWaiter, newWaiters, waiterColumns } from './waiting/new-waiter.ts';

/** All that happens to one instance in one flush: first state, last state, and each event between them. */
export interface FlushedInstance {
  readonly id: string;
  readonly shard: number;
  readonly from: TaskInstanceState;
  readonly leaseEpoch: number;
  readonly to: TaskInstanceState;
  readonly tryDelta: number;
  readonly reason: string | null;
  readonly events: readonly {
    readonly event: TaskInstanceEvent;
    readonly from: TaskInstanceState;
    readonly to: TaskInstanceState;
    readonly reason: string | null;
  }[];
}

export interface FlushedRun {
  readonly dagRunId: string;
  readonly shard: number;
  readonly from: DagRunState;
  readonly to: DagRunState;
  readonly reason: string | null;
  /** As it was read: what a person has changed since is not known, and the run may not end without it. */
  readonly revision: number;
}

/** A callback to be called because of what the flush writes: of the run, or of one instance that moves in it. */
export interface FlushedCallback {
  readonly dagRunId: string;
  readonly taskInstanceId: string | null;
  readonly kind: CallbackKind;
  readonly position: number;
  readonly name: string;
  readonly reason: CallbackReason;
}

export interface Flush {
  readonly owner: string;
  /** The shards this scheduler believes it holds, with their epochs: the fence. */
  readonly fence: readonly { readonly shard: number; readonly epoch: number }[];
  readonly instances: readonly FlushedInstance[];
  readonly runs: readonly FlushedRun[];
  readonly callbacks: readonly FlushedCallback[];
  /** New words for instances that stay where they are. */
  readonly notes: readonly { readonly id: string; readonly shard: number; readonly reason: string }[];
  /** What instances that go to `deferred` wait for. */
  readonly waiters: readonly (NewWaiter & { readonly taskInstanceId: string })[];
}

export interface Flushed {
  /** Instances that moved, with their new try number. */
  readonly moved: ReadonlyMap<string, number>;
  readonly runs: ReadonlySet<string>;
}

const STATEMENT = {
  name: 'flush_scheduling',
  text: `
with fence as materialized (
  select s.shard from scheduler_shard s join unnest($2::smallint[], $3::bigint[]) as f(shard, epoch) on s.shard = f.shard and s.epoch = f.epoch
   where s.owner = $1 for key share of s
), asked as (
  select * from unnest($4::uuid[], $5::smallint[], $6::text[], $7::bigint[], $8::text[], $9::int[], $10::text[])
    as a(task_instance_id, shard, from_state, lease_epoch, to_state, try_delta, reason)
), moved as (
  update task_instance ti
     set state = a.to_state, reason = a.reason, lease_epoch = ti.lease_epoch + (a.to_state = 'deferred')::int, try_number = ti.try_number + a.try_delta,
         scheduled_at = case when a.to_state in ('scheduled', 'queued', 'deferred') and a.from_state <> 'scheduled' then clock_timestamp() else ti.scheduled_at end,
         queued_at = case when a.to_state = 'queued' then clock_timestamp() else ti.queued_at end,
         -- Without a worker: it starts and ends at once, or begins its wait.
         started_at = case when a.to_state in ('success', 'deferred') then clock_timestamp() else ti.started_at end,
         first_started_at = case when a.to_state = 'deferred' then clock_timestamp() when a.try_delta > 0 then null else ti.first_started_at end,
         resumed = case when a.try_delta > 0 then null else ti.resumed end,
         ended_at = case when a.to_state in ('skipped', 'upstream_failed', 'failed', 'success') then clock_timestamp()
                         when a.to_state in ('scheduled', 'queued', 'deferred') then null else ti.ended_at end,
         next_try_at = null
    from asked a join fence on fence.shard = a.shard
   where ti.task_instance_id = a.task_instance_id and ti.state = a.from_state and ti.lease_epoch = a.lease_epoch
  returning ti.task_instance_id, ti.try_number, ti.lease_epoch, ti.queue, ti.reason
), history as (
  insert into task_instance_event (task_instance_id, event, from_state, to_state, try_number, lease_epoch, actor, reason)
  select m.task_instance_id, e.event, e.from_state, e.to_state, m.try_number, m.lease_epoch, 'scheduler:' || $1, e.reason
    from unnest($11::uuid[], $12::text[], $13::text[], $14::text[], $15::text[]) with ordinality as e(task_instance_id, event, from_state, to_state, reason, step)
    join moved m on m.task_instance_id = e.task_instance_id
   order by e.step
), waiters as (
  insert into waiter (task_instance_id, lease_epoch, kind, args, sealed_args, ends, body_state, words, every_ms, due_at, timeout_at)
  select m.task_instance_id, m.lease_epoch, w.kind, w.args, w.sealed_args, w.ends, w.body_state, w.words, w.every_ms, w.due_at, w.timeout_at
    from (${newWaiters(30)}) w join moved m on m.task_instance_id = w.task_instance_id
), run_moves as (
  update dag_run r
     set state = a.to_state, reason = a.reason,
         started_at = case when a.to_state = 'running' then coalesce(r.started_at, clock_timestamp()) else r.started_at end,
         ended_at = case when a.to_state in ('success', 'failed') then clock_timestamp() end,
         stop_reason = case when a.to_state <> 'running' then r.stop_reason end
    from unnest($16::uuid[], $17::smallint[], $18::text[], $19::text[], $20::text[], $40::bigint[]) as a(dag_run_id, shard, from_state, to_state, reason, revision)
    join fence on fence.shard = a.shard
   where r.dag_run_id = a.dag_run_id and r.state = a.from_state and r.revision = a.revision
  returning r.dag_run_id, r.reason
), noted as (
  update task_instance ti set reason = n.reason
    from unnest($21::uuid[], $22::smallint[], $23::text[]) as n(task_instance_id, shard, reason) join fence on fence.shard = n.shard
   where ti.task_instance_id = n.task_instance_id and ti.state in ('none', 'scheduled') and ti.task_instance_id <> all($4::uuid[])
), callbacks as (
  insert into callback_request (dag_run_id, task_instance_id, kind, position, name, reason, message, try_number, queue)
  select c.dag_run_id, c.task_instance_id, c.kind, c.position, c.name, c.reason, coalesce(m.reason, r.reason), coalesce(m.try_number, 0), m.queue
    from unnest($24::uuid[], $25::uuid[], $26::text[], $27::smallint[], $28::text[], $29::text[])
      as c(dag_run_id, task_instance_id, kind, position, name, reason)
    left join moved m on m.task_instance_id = c.task_instance_id
    left join run_moves r on r.dag_run_id = c.dag_run_id and c.task_instance_id is null
   where m.task_instance_id is not null or r.dag_run_id is not null
)
select task_instance_id as id, try_number as "tryNumber", false as "isRun" from moved
union all
select dag_run_id, 0, true from run_moves`,
};

/**
 * flushScheduling    who: scheduler, one flush in flight; what arrives meanwhile is the next one.
 * Locks: its shard rows (key share: a renewal passes, a take-over waits), the moved rows.
 * States, events, run states and the callbacks that follow from them are written together, fenced by the shard's epoch, by each instance's own state and
 * lease epoch, and by each run's state and revision. An instance or run missing from the answer was changed by somebody else, or the shard is lost: read
 * it again before deciding anything about it.
 */
export async function flushScheduling(db: Queryable, flush: Flush): Promise<Flushed> {
  const { instances, runs, notes, fence, callbacks } = flush;
  const events = instances.flatMap((instance) => instance.events.map((event) => ({ id: instance.id, ...event })));
  probe('scheduleTaskInstances.before_commit');
  const result = await db.query<{ id: string; tryNumber: number; isRun: boolean }>(STATEMENT, [
    flush.owner,
    fence.map((held) => held.shard),
    fence.map((held) => held.epoch),
    instances.map((instance) => instance.id),
    instances.map((instance) => instance.shard),
    instances.map((instance) => instance.from),
    instances.map((instance) => instance.leaseEpoch),
    instances.map((instance) => instance.to),
    instances.map((instance) => instance.tryDelta),
    instances.map((instance) => instance.reason),
    events.map((event) => event.id),
    events.map((event) => event.event),
    events.map((event) => event.from),
    events.map((event) => event.to),
    events.map((event) => event.reason),
    runs.map((run) => run.dagRunId),
    runs.map((run) => run.shard),
    runs.map((run) => run.from),
    runs.map((run) => run.to),
    runs.map((run) => run.reason),
    notes.map((note) => note.id),
    notes.map((note) => note.shard),
    notes.map((note) => note.reason),
    callbacks.map((callback) => callback.dagRunId),
    callbacks.map((callback) => callback.taskInstanceId),
    callbacks.map((callback) => callback.kind),
    callbacks.map((callback) => callback.position),
    callbacks.map((callback) => callback.name),
    callbacks.map((callback) => callback.reason),
    ...waiterColumns(flush.waiters),
    runs.map((run) => run.revision),
  ]);
  probe('scheduleTaskInstances.after_commit');
  const moved = new Map<string, number>();
  const movedRuns = new Set<string>();
  for (const row of result.rows) {
    if (row.isRun) movedRuns.add(row.id);
    else moved.set(row.id, row.tryNumber);
  }
  return { moved, runs: movedRuns };
}
