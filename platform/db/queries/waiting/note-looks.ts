import type { Queryable } from '../../client.ts';
import { inLockOrder } from '../../lock-order.ts';

export interface Look {
  readonly taskInstanceId: string;
  readonly leaseEpoch: number;
  /** Since the last note. */
  readonly looks: number;
  readonly failures: number;
  readonly note: string | null;
  readonly nextInMs: number;
}

const STATEMENT = {
  name: 'note_looks',
  text: `
update waiter w
   set last_look_at = clock_timestamp(), looks = w.looks + l.looks, failures = l.failures, note = l.note,
       due_at = clock_timestamp() + l.next_ms * interval '1 millisecond'
  from unnest($2::uuid[], $3::bigint[], $4::int[], $5::int[], $6::text[], $7::float8[])
    as l(task_instance_id, lease_epoch, looks, failures, note, next_ms)
 where w.task_instance_id = l.task_instance_id and w.lease_epoch = l.lease_epoch and w.owner = $1`,
};

/**
 * noteLooks    who: triggerer, for what pages show of a wait; seldom more than once a minute for each waiter.
 * Locks the waiters, by id. Zero rows = they ended or have another owner; nothing is lost.
 */
export async function noteLooks(db: Queryable, owner: string, given: readonly Look[]): Promise<void> {
  const looks = inLockOrder(given);
  await db.query(STATEMENT, [
    owner,
    looks.map((one) => one.taskInstanceId),
    looks.map((one) => one.leaseEpoch),
    looks.map((one) => one.looks),
    looks.map((one) => one.failures),
    looks.map((one) => one.note),
    looks.map((one) => one.nextInMs),
  ]);
}
