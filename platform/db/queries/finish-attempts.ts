import type { NewAssetEvent } from '#core/assets/events-of-success.ts';
import type { CallbackKind, CallbackReason } from '#core/callbacks.ts';
import { TASK_INSTANCE_TRANSITIONS } from '#core/states.ts';
import type { CheckResult, ErrorReport } from '#core/task-protocol.ts';
import type { XcomRef } from '../../xcom/backend.ts';
import { arrayLiteral } from '../array-literal.ts';
import { inLockOrder } from '../lock-order.ts';
import type { Parameters } from '../parameters.ts';
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
  /** Of the process that ran it; absent = none did, or it is known already. */
  readonly pid?: number | null;
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
  /** What the checks of the result found. Absent = there are none. */
  readonly checks?: readonly CheckResult[];
  /** succeed: the events of assets that are written with it. Absent = none. */
  readonly assetEvents?: readonly NewAssetEvent[];
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

/**
 * The steps that end attempts, of the statement in write-attempts.ts: they move the state, close the attempt, store the results, request
 * the callbacks and write the events of assets. What no finish of the batch has is not planned for.
 */
export function finishSteps(finishes: readonly Finish[], at: Parameters): readonly string[] {
  return [
    ...moveSteps(inLockOrder(finishes), at),
    ...resultSteps(finishes.flatMap(xcomsOf), at),
    ...lengthSteps(finishes, at),
    ...callbackSteps(finishes, at),
    ...waiterSteps(finishes, at),
    ...checkSteps(finishes, at),
    ...assetSteps(finishes, at),
  ];
}

function moveSteps(rows: readonly Finish[], at: Parameters): readonly string[] {
  const steps = rows.every(isPlain) ? plainMove(rows, at) : anyMove(rows, at);
  return [
    ...steps,
    `closed as (
  update task_attempt a set outcome = m.outcome, error = m.error::jsonb, ended_at = clock_timestamp(), pid = coalesce(a.pid, m.pid)
    from moved m where a.attempt_id = m.attempt_id
)`,
  ];
}

/** A success with nothing to say: nearly all are, and a statement for these alone is half as much to send, plan and compute. */
function isPlain({ event, reason, error, followed, mapLabel }: Finish): boolean {
  return event === 'succeed' && reason === null && error === null && followed === null && mapLabel === null;
}

const MOVED = 'ti.task_instance_id, ti.dag_run_id, ti.task_id, ti.map_index, ti.queue, ti.try_number, ti.lease_epoch, f.attempt_id, f.pid';

function plainMove(rows: readonly Finish[], at: Parameters): readonly string[] {
  return [
    `plainly_moved as (
  update task_instance ti
     set state = 'success', reason = null, lease_owner = null, lease_expires_at = null, progress = null, ended_at = clock_timestamp(),
         next_try_at = null, resumed = null, followed = null
    from ${keysOf(rows, at)} as f(attempt_id, task_instance_id, lease_epoch, pid)
   where ti.task_instance_id = f.task_instance_id and ${heldBy(at)}
  returning ${MOVED}
)`,
    `moved as (
  select *, 'succeed' as event, 'success' as to_state, 'success' as outcome, null::text as reason, null::text as error from plainly_moved
)`,
  ];
}

function anyMove(rows: readonly Finish[], at: Parameters): readonly string[] {
  const texts = (of: (finish: Finish) => string | null) => at.list('text', arrayLiteral(rows.map(of)));
  return [
    // Locked first: a clock that is read for a row that must be waited for says when the waiting began, and the next try would be sooner.
    `held as materialized (
  select f.* from ${keysOf(rows, at, [
    texts((finish) => finish.event),
    texts((finish) => TASK_INSTANCE_TRANSITIONS[finish.event].to),
    texts((finish) => OUTCOME[finish.event]),
    texts((finish) => finish.reason),
    texts((finish) => jsonOf(finish.error)),
    texts((finish) => jsonOf(finish.followed)),
    at.list('float8', arrayLiteral(rows.map((finish) => finish.nextTryInMs))),
    texts((finish) => finish.mapLabel),
  ])}
      as f(attempt_id, task_instance_id, lease_epoch, pid, event, to_state, outcome, reason, error, followed, next_try_ms, map_label)
    join task_instance ti on ti.task_instance_id = f.task_instance_id and ${heldBy(at)}
   order by f.task_instance_id for update of ti
)`,
    `moved as (
  update task_instance ti
     set state = f.to_state, reason = f.reason, lease_owner = null, lease_expires_at = null, progress = null,
         ended_at = case when f.event in ('reschedule', 'hand_back', 'defer') then null else clock_timestamp() end,
         next_try_at = clock_timestamp() + f.next_try_ms * interval '1 millisecond',
         first_started_at = case when f.event = 'retry' then null else ti.first_started_at end,
         -- What woke the body is told again to the next attempt of a body that was handed back.
         resumed = case when f.event = 'hand_back' then ti.resumed end,
         followed = case when f.followed is null then null else array(select jsonb_array_elements_text(f.followed::jsonb)) end,
         map_label = coalesce(f.map_label, ti.map_label)
    from held f
   where ti.task_instance_id = f.task_instance_id and ${heldBy(at)}
  returning ${MOVED}, f.event, f.to_state, f.outcome, f.reason, f.error
)`,
  ];
}

function keysOf(rows: readonly Finish[], at: Parameters, more: readonly string[] = []): string {
  const keys = [
    at.list('uuid', arrayLiteral(rows.map((finish) => finish.attemptId))),
    at.list('uuid', arrayLiteral(rows.map((finish) => finish.taskInstanceId))),
    at.list('bigint', arrayLiteral(rows.map((finish) => finish.leaseEpoch))),
    at.list('int', arrayLiteral(rows.map((finish) => finish.pid ?? null))),
  ];
  return `unnest(${[...keys, ...more].join(', ')})`;
}

/** The fence: the lease is held as it was claimed. */
function heldBy(at: Parameters): string {
  return `ti.state = 'running' and ti.lease_epoch = f.lease_epoch and ti.lease_owner = ${at.named('workerId', 'text')}`;
}

function resultSteps(xcoms: readonly ReturnType<typeof xcomsOf>[number][], at: Parameters): readonly string[] {
  if (xcoms.length === 0) return [];
  const texts = (of: (xcom: (typeof xcoms)[number]) => string | null) => at.list('text', arrayLiteral(xcoms.map(of)));
  const large = xcoms.some((xcom) => xcom.large) ? { name: 'large_results', columns: ', ref, hash' } : { name: 'results', columns: '' };
  const lists = [
    at.list('uuid', arrayLiteral(xcoms.map((xcom) => xcom.attemptId))),
    texts((xcom) => xcom.key),
    texts((xcom) => xcom.valueJson),
    at.list('int', arrayLiteral(xcoms.map((xcom) => xcom.bytes))),
    ...(large.columns === '' ? [] : [texts((xcom) => xcom.large?.ref ?? null), texts((xcom) => xcom.large?.hash ?? null)]),
  ];
  return [
    `${large.name} as (
  insert into xcom (task_instance_id, attempt_id, key, value, bytes${large.columns})
  select m.task_instance_id, m.attempt_id, x.key, x.value::jsonb, x.bytes${large.columns}
    from unnest(${lists.join(', ')}) as x(attempt_id, key, value, bytes${large.columns})
    join moved m on m.attempt_id = x.attempt_id
  on conflict (task_instance_id, key) do update
     set attempt_id = excluded.attempt_id, value = excluded.value, bytes = excluded.bytes, ref = excluded.ref, hash = excluded.hash,
         created_at = clock_timestamp()
)`,
  ];
}

function lengthSteps(finishes: readonly Finish[], at: Parameters): readonly string[] {
  const lengths = finishes.flatMap((finish) =>
    Object.entries(finish.mapLengths).map(([scopeId, length]) => ({ attemptId: finish.attemptId, scopeId, length })),
  );
  if (lengths.length === 0) return [];
  return [
    `lengths as (
  insert into task_map (dag_run_id, scope_id, length)
  select m.dag_run_id, l.scope_id, l.length
    from unnest(${at.list('uuid', arrayLiteral(lengths.map((entry) => entry.attemptId)))}, ${at.list('text', arrayLiteral(lengths.map((entry) => entry.scopeId)))},
                ${at.list('int', arrayLiteral(lengths.map((entry) => entry.length)))}) as l(attempt_id, scope_id, length)
    join moved m on m.attempt_id = l.attempt_id
  on conflict (dag_run_id, scope_id) do update set length = excluded.length
)`,
  ];
}

function callbackSteps(finishes: readonly Finish[], at: Parameters): readonly string[] {
  const callbacks = finishes.flatMap((finish) => finish.callbacks.map((callback) => ({ attemptId: finish.attemptId, ...callback })));
  if (callbacks.length === 0) return [];
  return [
    `callbacks as (
  insert into callback_request (dag_run_id, task_instance_id, kind, position, name, reason, message, error, try_number, queue)
  select m.dag_run_id, m.task_instance_id, c.kind, c.position, c.name, c.reason, m.reason, m.error::jsonb, m.try_number, m.queue
    from unnest(${at.list('uuid', arrayLiteral(callbacks.map((one) => one.attemptId)))}, ${at.list('text', arrayLiteral(callbacks.map((one) => one.kind)))},
                ${at.list('smallint', arrayLiteral(callbacks.map((one) => one.position)))}, ${at.list('text', arrayLiteral(callbacks.map((one) => one.name)))},
                ${at.list('text', arrayLiteral(callbacks.map((one) => one.reason)))}) as c(attempt_id, kind, position, name, reason)
    join moved m on m.attempt_id = c.attempt_id
)`,
  ];
}

function waiterSteps(finishes: readonly Finish[], at: Parameters): readonly string[] {
  const waiters = finishes.flatMap(({ taskInstanceId, waiter }) => (waiter ? [{ taskInstanceId, ...waiter }] : []));
  if (waiters.length === 0) return [];
  return [
    `waiters as (
  insert into waiter (task_instance_id, lease_epoch, kind, args, sealed_args, ends, body_state, words, every_ms, due_at, timeout_at)
  select m.task_instance_id, m.lease_epoch, w.kind, w.args, w.sealed_args, w.ends, w.body_state, w.words, w.every_ms, w.due_at, w.timeout_at
    from (${newWaiters(at.next(waiterColumns(waiters)))}) w join moved m on m.task_instance_id = w.task_instance_id
)`,
  ];
}

function checkSteps(finishes: readonly Finish[], at: Parameters): readonly string[] {
  const checks = finishes.flatMap(({ attemptId, checks = [] }) => checks.map((check, position) => ({ attemptId, position, ...check })));
  if (checks.length === 0) return [];
  return [
    `checks as (
  insert into check_result (attempt_id, position, name, passed, message)
  select m.attempt_id, c.position, c.name, c.passed, c.message
    from unnest(${at.list('uuid', arrayLiteral(checks.map((check) => check.attemptId)))}, ${at.list('smallint', arrayLiteral(checks.map((check) => check.position)))},
                ${at.list('text', arrayLiteral(checks.map((check) => check.name)))}, ${at.list('boolean', arrayLiteral(checks.map((check) => check.passed)))},
                ${at.list('text', arrayLiteral(checks.map((check) => check.message)))}) as c(attempt_id, position, name, passed, message)
    join moved m on m.attempt_id = c.attempt_id
)`,
  ];
}

function assetSteps(finishes: readonly Finish[], at: Parameters): readonly string[] {
  const events = finishes.flatMap((finish) => (finish.assetEvents ?? []).map((event) => ({ attemptId: finish.attemptId, ...event })));
  return events.length === 0 ? [] : [emitOfFinish(at.next(emitValues(events)))];
}

function jsonOf(value: unknown): string | null {
  return value === null ? null : JSON.stringify(value);
}

/** The last push of a key wins: one statement may write a row only once. */
function xcomsOf(finish: Finish) {
  const byKey = new Map(finish.extraXcoms.map((xcom) => [xcom.key, { attemptId: finish.attemptId, ...xcom }]));
  const { attemptId, valueJson = null, bytes = 0, large } = finish;
  if (valueJson !== null || large !== undefined)
    byKey.set('return_value', { attemptId, key: 'return_value', valueJson, bytes, ...(large !== undefined && { large }) });
  return [...byKey.values()];
}
