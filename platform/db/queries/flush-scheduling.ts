import type { CallbackKind, CallbackReason } from '#core/callbacks.ts';
import type { DagRunState, TaskInstanceEvent, TaskInstanceState } from '#core/states.ts';
import { probe } from '../../probes/probe.ts';
import { arrayLiteral } from '../array-literal.ts';
import type { Queryable } from '../client.ts';
import { Parameters } from '../parameters.ts';
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

/** The steps that the flush needs: what it has nothing of is not planned for, and costs nothing. */
function stepsOf(flush: Flush, at: Parameters): readonly string[] {
  return [
    `fence as materialized (
  select s.shard from scheduler_shard s
    join unnest(${at.list('smallint', arrayLiteral(flush.fence.map((held) => held.shard)))}, ${at.list('bigint', arrayLiteral(flush.fence.map((held) => held.epoch)))}) as f(shard, epoch)
      on s.shard = f.shard and s.epoch = f.epoch
   where s.owner = ${at.named('owner', 'text')} for key share of s
)`,
    ...moveSteps(flush.instances, at),
    ...waiterSteps(flush.waiters, at),
    ...runSteps(flush.runs, at),
    ...noteSteps(flush, at),
    ...callbackSteps(flush, at),
  ];
}

function moveSteps(rows: Flush['instances'], at: Parameters): readonly string[] {
  if (rows.length === 0) return [];
  const events = rows.flatMap((instance) => instance.events.map((event) => ({ id: instance.id, ...event })));
  return [
    `asked as (
  select * from unnest(${at.list('uuid', arrayLiteral(rows.map((one) => one.id)))}, ${at.list('smallint', arrayLiteral(rows.map((one) => one.shard)))},
    ${at.list('text', arrayLiteral(rows.map((one) => one.from)))}, ${at.list('bigint', arrayLiteral(rows.map((one) => one.leaseEpoch)))},
    ${at.list('text', arrayLiteral(rows.map((one) => one.to)))}, ${at.list('int', arrayLiteral(rows.map((one) => one.tryDelta)))}, ${at.list('text', arrayLiteral(rows.map((one) => one.reason)))})
    as a(task_instance_id, shard, from_state, lease_epoch, to_state, try_delta, reason)
)`,
    `moved as (
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
)`,
    `history as (
  insert into task_instance_event (task_instance_id, event, from_state, to_state, try_number, lease_epoch, actor, reason)
  select m.task_instance_id, e.event, e.from_state, e.to_state, m.try_number, m.lease_epoch, 'scheduler:' || ${at.named('owner', 'text')}, e.reason
    from unnest(${at.list('uuid', arrayLiteral(events.map((event) => event.id)))}, ${at.list('text', arrayLiteral(events.map((event) => event.event)))},
                ${at.list('text', arrayLiteral(events.map((event) => event.from)))}, ${at.list('text', arrayLiteral(events.map((event) => event.to)))},
                ${at.list('text', arrayLiteral(events.map((event) => event.reason)))}) with ordinality as e(task_instance_id, event, from_state, to_state, reason, step)
    join moved m on m.task_instance_id = e.task_instance_id
   order by e.step
)`,
  ];
}

function waiterSteps(rows: Flush['waiters'], at: Parameters): readonly string[] {
  if (rows.length === 0) return [];
  return [
    `waiters as (
  insert into waiter (task_instance_id, lease_epoch, kind, args, sealed_args, ends, body_state, words, every_ms, due_at, timeout_at)
  select m.task_instance_id, m.lease_epoch, w.kind, w.args, w.sealed_args, w.ends, w.body_state, w.words, w.every_ms, w.due_at, w.timeout_at
    from (${newWaiters(at.next(waiterColumns(rows)))}) w join moved m on m.task_instance_id = w.task_instance_id
)`,
  ];
}

function runSteps(rows: Flush['runs'], at: Parameters): readonly string[] {
  if (rows.length === 0) return [];
  return [
    `run_moves as (
  update dag_run r
     set state = a.to_state, reason = a.reason,
         started_at = case when a.to_state = 'running' then coalesce(r.started_at, clock_timestamp()) else r.started_at end,
         ended_at = case when a.to_state in ('success', 'failed') then clock_timestamp() end,
         stop_reason = case when a.to_state <> 'running' then r.stop_reason end
    from unnest(${at.list('uuid', arrayLiteral(rows.map((run) => run.dagRunId)))}, ${at.list('smallint', arrayLiteral(rows.map((run) => run.shard)))},
                ${at.list('text', arrayLiteral(rows.map((run) => run.from)))}, ${at.list('text', arrayLiteral(rows.map((run) => run.to)))},
                ${at.list('text', arrayLiteral(rows.map((run) => run.reason)))}, ${at.list('bigint', arrayLiteral(rows.map((run) => run.revision)))}) as a(dag_run_id, shard, from_state, to_state, reason, revision)
    join fence on fence.shard = a.shard
   where r.dag_run_id = a.dag_run_id and r.state = a.from_state and r.revision = a.revision
  returning r.dag_run_id, r.reason
)`,
  ];
}

function noteSteps({ notes: rows }: Flush, at: Parameters): readonly string[] {
  if (rows.length === 0) return [];
  return [
    `noted as (
  update task_instance ti set reason = n.reason
    from unnest(${at.list('uuid', arrayLiteral(rows.map((note) => note.id)))}, ${at.list('smallint', arrayLiteral(rows.map((note) => note.shard)))},
                ${at.list('text', arrayLiteral(rows.map((note) => note.reason)))}) as n(task_instance_id, shard, reason) join fence on fence.shard = n.shard
   where ti.task_instance_id = n.task_instance_id and ti.state in ('none', 'scheduled')
)`,
  ];
}

function callbackSteps({ callbacks, instances, runs }: Flush, at: Parameters): readonly string[] {
  if (callbacks.length === 0) return [];
  const moved =
    instances.length > 0
      ? 'moved'
      : '(select null::uuid as task_instance_id, null::text as reason, null::int as try_number, null::text as queue where false)';
  const ended = runs.length > 0 ? 'run_moves' : '(select null::uuid as dag_run_id, null::text as reason where false)';
  return [
    `callbacks as (
  insert into callback_request (dag_run_id, task_instance_id, kind, position, name, reason, message, try_number, queue)
  select c.dag_run_id, c.task_instance_id, c.kind, c.position, c.name, c.reason, coalesce(m.reason, r.reason), coalesce(m.try_number, 0), m.queue
    from unnest(${at.list('uuid', arrayLiteral(callbacks.map((one) => one.dagRunId)))}, ${at.list('uuid', arrayLiteral(callbacks.map((one) => one.taskInstanceId)))},
                ${at.list('text', arrayLiteral(callbacks.map((one) => one.kind)))}, ${at.list('smallint', arrayLiteral(callbacks.map((one) => one.position)))},
                ${at.list('text', arrayLiteral(callbacks.map((one) => one.name)))}, ${at.list('text', arrayLiteral(callbacks.map((one) => one.reason)))})
      as c(dag_run_id, task_instance_id, kind, position, name, reason)
    left join ${moved} m on m.task_instance_id = c.task_instance_id
    left join ${ended} r on r.dag_run_id = c.dag_run_id and c.task_instance_id is null
   where m.task_instance_id is not null or r.dag_run_id is not null
)`,
  ];
}

/** Which steps there are: each combination is a statement of its own. */
function shapeOf({ instances, waiters, runs, notes, callbacks }: Flush): string {
  const parts = { i: instances, w: waiters, r: runs, n: notes, c: callbacks };
  return Object.entries(parts)
    .filter(([, rows]) => rows.length > 0)
    .map(([letter]) => letter)
    .join('');
}

/**
 * flushScheduling    who: scheduler, one flush in flight; what arrives meanwhile is the next one.
 * Locks: its shard rows (key share: a renewal passes, a take-over waits), the moved rows.
 * States, events, run states and the callbacks that follow from them are written together, fenced by the shard's epoch, by each instance's own state and
 * lease epoch, and by each run's state and revision. An instance or run missing from the answer was changed by somebody else, or the shard is lost: read
 * it again before deciding anything about it.
 */
export async function flushScheduling(db: Queryable, flush: Flush): Promise<Flushed> {
  const at = new Parameters({ owner: flush.owner });
  // What is noted of an instance that moves is said by its move.
  const moving = new Set(flush.instances.map((instance) => instance.id));
  const whole = { ...flush, notes: flush.notes.filter((note) => !moving.has(note.id)) };
  const moved = whole.instances.length > 0 ? '(select json_agg(json_build_array(task_instance_id, try_number)) from moved)' : 'null::json';
  const runs = whole.runs.length > 0 ? '(select json_agg(dag_run_id) from run_moves)' : 'null::json';
  const text = `with ${stepsOf(whole, at).join(', ')} select ${moved} as moved, ${runs} as runs`;
  probe('scheduleTaskInstances.before_commit');
  const result = await db.query<{ moved: [string, number][] | null; runs: string[] | null }>(
    { name: `flush_scheduling:${shapeOf(whole)}`, text },
    at.values,
  );
  probe('scheduleTaskInstances.after_commit');
  const row = result.rows[0];
  return { moved: new Map(row?.moved), runs: new Set(row?.runs) };
}
