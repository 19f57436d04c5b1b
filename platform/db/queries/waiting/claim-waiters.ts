import type { WaiterKind } from '#core/waiting/kinds.ts';
import type { Waiter } from '#core/waiting/waiter.ts';
import type { Queryable } from '../../client.ts';

/** A waiter and what its owner has to know of the task that waits. */
export interface ClaimedWaiter {
  readonly taskInstanceId: string;
  readonly leaseEpoch: number;
  readonly kind: WaiterKind;
  readonly args: Waiter['args'] | null;
  readonly sealedArgs: Buffer | null;
  readonly ends: Pick<Waiter, 'onFound' | 'onTimeout' | 'softFail' | 'timeoutMs'>;
  readonly bodyState: unknown;
  readonly words: string;
  readonly everyMs: number | null;
  /** From the moment of the claim. */
  readonly dueInMs: number;
  readonly timeoutInMs: number | null;
  readonly failures: number;
  readonly note: string | null;
  readonly dagId: string;
  readonly runId: string;
  readonly taskId: string;
  readonly mapIndex: number;
  readonly tryNumber: number;
}

const STATEMENT = {
  name: 'claim_waiters',
  text: `
with free as (
  select task_instance_id from waiter where owner is null and kind <> 'answer' order by created_at limit $2 for update skip locked
), mine as (
  update waiter w set owner = $1 from free where w.task_instance_id = free.task_instance_id returning w.*
)
select w.task_instance_id as "taskInstanceId", w.lease_epoch as "leaseEpoch", w.kind, w.args, w.sealed_args as "sealedArgs", w.ends,
       w.body_state as "bodyState", w.words, w.every_ms as "everyMs", w.failures, w.note,
       (extract(epoch from w.due_at - clock_timestamp()) * 1000)::float8 as "dueInMs",
       (extract(epoch from w.timeout_at - clock_timestamp()) * 1000)::float8 as "timeoutInMs",
       r.dag_id as "dagId", r.run_id as "runId", ti.task_id as "taskId", ti.map_index as "mapIndex", ti.try_number as "tryNumber"
  from mine w join task_instance ti using (task_instance_id) join dag_run r using (dag_run_id)`,
};

/**
 * claimWaiters    who: triggerer with room for more. Locks the rows it takes, and passes over those that others take.
 * A triggerer keeps what it owns while its heartbeat is fresh. Zero rows = nobody waits without an owner.
 */
export async function claimWaiters(db: Queryable, owner: string, limit: number): Promise<readonly ClaimedWaiter[]> {
  return (await db.query<ClaimedWaiter>(STATEMENT, [owner, limit])).rows;
}
