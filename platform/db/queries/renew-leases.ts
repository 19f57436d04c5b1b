import type { Queryable } from '../client.ts';
import { inLockOrder } from '../lock-order.ts';

export interface Lease {
  readonly taskInstanceId: string;
  readonly leaseEpoch: number;
  /** Shown beside the task while it runs; null = nothing reported. */
  readonly progress: { readonly done: number; readonly total: number; readonly note?: string } | null;
}

export type HeldLease = Pick<Lease, 'taskInstanceId' | 'leaseEpoch'>;

const STATEMENT = {
  name: 'renew_leases',
  text: `
update task_instance ti
   set lease_expires_at = clock_timestamp() + $2 * interval '1 millisecond', last_heartbeat_at = clock_timestamp(),
       progress = coalesce(l.progress::jsonb, ti.progress)
  from unnest($3::uuid[], $4::bigint[], $5::text[]) as l(task_instance_id, lease_epoch, progress)
 where ti.task_instance_id = l.task_instance_id and ti.state = 'running' and ti.lease_epoch = l.lease_epoch and ti.lease_owner = $1
returning ti.task_instance_id as "taskInstanceId", ti.lease_epoch as "leaseEpoch"`,
};

/**
 * renewLeases    who: worker, every heartbeat, one statement for all its attempts. Locks the rows it renews, by id.
 * Returns the leases still held. One that is missing from the answer has been lost: kill its process, write nothing.
 * A worker may have two attempts of one instance for a moment, the old one fenced off and not yet told: the epoch
 * says which of them is meant.
 */
export async function renewLeases(
  db: Queryable,
  batch: { readonly workerId: string; readonly leaseTtlMs: number; readonly leases: readonly Lease[] },
): Promise<readonly HeldLease[]> {
  const leases = inLockOrder(batch.leases);
  const result = await db.query<HeldLease>(STATEMENT, [
    batch.workerId,
    batch.leaseTtlMs,
    leases.map((lease) => lease.taskInstanceId),
    leases.map((lease) => lease.leaseEpoch),
    leases.map((lease) => (lease.progress === null ? null : JSON.stringify(lease.progress))),
  ]);
  return result.rows;
}
