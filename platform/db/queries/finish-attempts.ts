import type { NewAssetEvent } from '#core/assets/events-of-success.ts';
import type { CallbackKind, CallbackReason } from '#core/callbacks.ts';
import { TASK_INSTANCE_TRANSITIONS } from '#core/states.ts';
import type { ErrorReport } from '#core/task-protocol.ts';
import type { XcomRef } from '../../xcom/backend.ts';
import type { Queryable } from '../client.ts';
import { inLockOrder } from '../lock-order.ts';
import { emitOfFinish, emitValues } from './assets/emit-events.ts';
import { type NewWaiter, newWaiters, waiterColumns } from './waiting/new-waiter.ts';

/** One callback to be called because of the end. */
export interface CallbackToMake {
  readonly kind: CallbackKind;
  readonly position: number;
  readonly name: string;
  readonly reason: CallbackReason;
}

export type FinishEvent = 'succeed' | 'fail' | 'retry' | 'skip' | 'reschedule' | 'hand_back' | 'defer';

export interface Finish {
  readonly attemptId: string;
  readonly taskInstanceId: string;
  readonly leaseEpoch: number;
  readonly event: FinishEvent;
  /** In words, shown beside the state; null for a plain success. */
  readonly reason: string | null;
  readonly error: ErrorReport | null;
  /** JSON text of the result; absent = no result is stored, or it lies in the XCom backend. */
  readonly valueJson?: string;
  readonly large?: XcomRef;
  readonly bytes?: number;
  readonly followed: readonly string[] | null;
  readonly mapLengths: Readonly<Record<string, number>>;
  /** retry, reschedule: not before this many ms from now, by the database's clock. */
  readonly nextTryInMs: number | null;
  readonly mapLabel: string | null;
  /** defer: what the instance waits for from now on. */
  readonly waiter?: NewWaiter;
  readonly extraXcoms: readonly {
    readonly key: string;
    readonly valueJson: string | null;
    readonly bytes: number;
    readonly large?: XcomRef;
  }[];
  readonly callbacks: readonly CallbackToMake[];
  /** succeed: the events of assets that are written with it. Absent = none. */
  readonly assetEvents?: readonly NewAssetEvent[];
}

export interface Finished {
  /** Attempts whose end was written. */
  readonly attemptIds: ReadonlySet<string>;
  /** DAGs that wait for the assets of which events were written: a run of theirs may be due. */
  readonly assetDagIds: readonly string[];
}

const OUTCOME: Readonly<Record<FinishEvent, string>> = {
  succeed: 'success',
  fail: 'failed',
  retry: 'failed',
  skip: 'skipped',
  reschedule: 'rescheduled',
  hand_back: 'handed_back',
  defer: 'deferred',
};

const STEPS = `
with asked as (
  select * from unnest($2::uuid[], $3::uuid[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::float8[], $12::text[])
    as f(attempt_id, task_instance_id, lease_epoch, event, to_state, outcome, reason, error, followed, next_try_ms, map_label)
), moved as (
  update task_instance ti
     set state = f.to_state, reason = f.reason, lease_owner = null, lease_expires_at = null, progress = null,
         ended_at = case when f.event in ('reschedule', 'hand_back', 'defer') then null else clock_timestamp() end,
         next_try_at = clock_timestamp() + f.next_try_ms * interval '1 millisecond',
         first_started_at = case when f.event = 'retry' then null else ti.first_started_at end,
         -- What woke the body is told again to the next attempt of a body that was handed back.
         resumed = case when f.event = 'hand_back' then ti.resumed end,
         followed = case when f.followed is null then null else array(select jsonb_array_elements_text(f.followed::jsonb)) end,
         map_label = coalesce(f.map_label, ti.map_label)
    from asked f
   where ti.task_instance_id = f.task_instance_id and ti.state = 'running' and ti.lease_epoch = f.lease_epoch and ti.lease_owner = $1
  returning ti.task_instance_id, ti.dag_run_id, ti.task_id, ti.map_index, ti.queue, ti.try_number, ti.lease_epoch, f.attempt_id, f.event, f.to_state, f.outcome, f.reason, f.error
), history as (
  insert into task_instance_event (task_instance_id, event, from_state, to_state, try_number, lease_epoch, actor, reason)
  select task_instance_id, event, 'running', to_state, try_number, lease_epoch, 'worker:' || $1, reason from moved
), closed as (
  update task_attempt a set outcome = m.outcome, error = m.error::jsonb, ended_at = clock_timestamp()
    from moved m where a.attempt_id = m.attempt_id
), results as (
  insert into xcom (task_instance_id, key, attempt_id, value, bytes, ref, hash)
  select m.task_instance_id, x.key, m.attempt_id, x.value::jsonb, x.bytes, x.ref, x.hash
    from unnest($13::uuid[], $14::text[], $15::text[], $16::int[], $35::text[], $36::text[]) as x(attempt_id, key, value, bytes, ref, hash)
    join moved m on m.attempt_id = x.attempt_id
  on conflict (task_instance_id, key) do update
     set attempt_id = excluded.attempt_id, value = excluded.value, bytes = excluded.bytes, ref = excluded.ref, hash = excluded.hash,
         created_at = clock_timestamp()
), lengths as (
  insert into task_map (dag_run_id, scope_id, length)
  select m.dag_run_id, l.scope_id, l.length
    from unnest($17::uuid[], $18::text[], $19::int[]) as l(attempt_id, scope_id, length) join moved m on m.attempt_id = l.attempt_id
  on conflict (dag_run_id, scope_id) do update set length = excluded.length
), callbacks as (
  insert into callback_request (dag_run_id, task_instance_id, kind, position, name, reason, message, error, try_number, queue)
  select m.dag_run_id, m.task_instance_id, c.kind, c.position, c.name, c.reason, m.reason, m.error::jsonb, m.try_number, m.queue
    from unnest($20::uuid[], $21::text[], $22::smallint[], $23::text[], $24::text[]) as c(attempt_id, kind, position, name, reason)
    join moved m on m.attempt_id = c.attempt_id
), waiters as (
  insert into waiter (task_instance_id, lease_epoch, kind, args, sealed_args, ends, body_state, words, every_ms, due_at, timeout_at)
  select m.task_instance_id, m.lease_epoch, w.kind, w.args, w.sealed_args, w.ends, w.body_state, w.words, w.every_ms, w.due_at, w.timeout_at
    from (${newWaiters(25)}) w join moved m on m.task_instance_id = w.task_instance_id
)`;

const STATEMENT = { name: 'finish_attempts', text: `${STEPS} select attempt_id as "attemptId", null as "dagId" from moved` };

/** For the few batches that hold such a success: the others need not plan for it. */
const WITH_ASSETS = {
  name: 'finish_attempts_with_assets',
  text: `${STEPS}, ${emitOfFinish(37)}
select attempt_id as "attemptId", null as "dagId" from moved union all select null, dag_id from queued`,
};

/**
 * finishAttempts    who: worker, when a body has ended; batched by group commit. Locks the finished rows, by id.
 * One statement moves the state, appends the event, closes the attempt, stores the results, requests the callbacks and writes
 * the events of assets.
 * An attempt missing from the answer had lost its lease: nothing of it was written, and nothing may be.
 */
export async function finishAttempts(
  db: Queryable,
  batch: { readonly workerId: string; readonly finishes: readonly Finish[] },
): Promise<Finished> {
  const finishes = inLockOrder(batch.finishes);
  const xcoms = finishes.flatMap(xcomsOf);
  const lengths = finishes.flatMap((finish) =>
    Object.entries(finish.mapLengths).map(([scopeId, length]) => ({ attemptId: finish.attemptId, scopeId, length })),
  );
  const callbacks = finishes.flatMap((finish) => finish.callbacks.map((callback) => ({ attemptId: finish.attemptId, ...callback })));
  const events = finishes.flatMap((finish) => (finish.assetEvents ?? []).map((event) => ({ attemptId: finish.attemptId, ...event })));
  const result = await db.query<{ attemptId: string | null; dagId: string | null }>(events.length > 0 ? WITH_ASSETS : STATEMENT, [
    batch.workerId,
    finishes.map((finish) => finish.attemptId),
    finishes.map((finish) => finish.taskInstanceId),
    finishes.map((finish) => finish.leaseEpoch),
    finishes.map((finish) => finish.event),
    finishes.map((finish) => TASK_INSTANCE_TRANSITIONS[finish.event].to),
    finishes.map((finish) => OUTCOME[finish.event]),
    finishes.map((finish) => finish.reason),
    finishes.map((finish) => (finish.error === null ? null : JSON.stringify(finish.error))),
    finishes.map((finish) => (finish.followed === null ? null : JSON.stringify(finish.followed))),
    finishes.map((finish) => finish.nextTryInMs),
    finishes.map((finish) => finish.mapLabel),
    xcoms.map((xcom) => xcom.attemptId),
    xcoms.map((xcom) => xcom.key),
    xcoms.map((xcom) => xcom.valueJson),
    xcoms.map((xcom) => xcom.bytes),
    lengths.map((entry) => entry.attemptId),
    lengths.map((entry) => entry.scopeId),
    lengths.map((entry) => entry.length),
    callbacks.map((callback) => callback.attemptId),
    callbacks.map((callback) => callback.kind),
    callbacks.map((callback) => callback.position),
    callbacks.map((callback) => callback.name),
    callbacks.map((callback) => callback.reason),
    ...waiterColumns(finishes.flatMap(({ taskInstanceId, waiter }) => (waiter ? [{ taskInstanceId, ...waiter }] : []))),
    xcoms.map((xcom) => xcom.large?.ref ?? null),
    xcoms.map((xcom) => xcom.large?.hash ?? null),
    ...(events.length > 0 ? emitValues(events) : []),
  ]);
  return {
    attemptIds: new Set(result.rows.flatMap((row) => row.attemptId ?? [])),
    assetDagIds: [...new Set(result.rows.flatMap((row) => row.dagId ?? []))],
  };
}

/** The last push of a key wins: one statement may write a row only once. */
function xcomsOf(finish: Finish) {
  const byKey = new Map(finish.extraXcoms.map((xcom) => [xcom.key, { attemptId: finish.attemptId, ...xcom }]));
  const { attemptId, valueJson = null, bytes = 0, large } = finish;
  if (valueJson !== null || large !== undefined)
    byKey.set('return_value', { attemptId, key: 'return_value', valueJson, bytes, ...(large !== undefined && { large }) });
  return [...byKey.values()];
}
