import type { Queryable } from '../client.ts';
import { inLockOrder } from '../lock-order.ts';

export interface Lease {
  readonly taskInstanceId: string;
  readonly leaseEpoch: number;
  /** Shown beside the task while it runs; null = nothing reported. */
  readonly progress: { readonly done: number; readonly total: number; readonly note?: string } | null;
}

export type HeldLease = Pick<Lease, 'taskInstanceId' | 'leaseEpoch'>;

/** `isRenewed`: false for one that is still held, whose row somebody has locked for the moment. */
export type RenewedLease = HeldLease & { readonly isRenewed: boolean };

const HELD = `ti.task_instance_id = l.task_instance_id and ti.state = 'running' and ti.lease_epoch = l.lease_epoch and ti.lease_owner = $1`;

const STATEMENT = {
  name: 'renew_leases',
  text: `
with asked as (
  select * from unnest($3::uuid[], $4::bigint[], $5::text[]) as l(task_instance_id, lease_epoch, progress)
), free as (
  select ti.task_instance_id, l.progress from asked l join task_instance ti on ${HELD} for no key update of ti skip locked
), renewed as (
  update task_instance ti
     set lease_expires_at = clock_timestamp() + $2 * interval '1 millisecond', last_heartbeat_at = clock_timestamp(),
         progress = coalesce(f.progress::jsonb, ti.progress)
    from free f where ti.task_instance_id = f.task_instance_id
  returning ti.task_instance_id, ti.lease_epoch
)
select task_instance_id as "taskInstanceId", lease_epoch as "leaseEpoch", true as "isRenewed" from renewed
union all
select ti.task_instance_id, ti.lease_epoch, false from asked l join task_instance ti on ${HELD}
 where not exists (select 1 from free f where f.task_instance_id = ti.task_instance_id)`,
};

/**
 * renewLeases    who: worker, every heartbeat, one statement for all its attempts. Locks the rows it renews, and waits for none:
 * one that somebody has locked must not cost the others their leases.
 * Returns the leases still held. One that is missing from the answer has been lost: kill its process, write nothing.
 * A worker may have two attempts of one instance for a moment, the old one fenced off and not yet told: the epoch
 * says which of them is meant.
 */
export async function renewLeases(
  db: Queryable,
  batch: { readonly workerId: string; readonly leaseTtlMs: number; readonly leases: readonly Lease[] },
): Promise<readonly RenewedLease[]> {
  const leases = inLockOrder(batch.leases);
  const result = await db.query<RenewedLease>(STATEMENT, [
    batch.workerId,
    batch.leaseTtlMs,
    leases.map((lease) => lease.taskInstanceId),
    leases.map((lease) => lease.leaseEpoch),
    leases.map((lease) => (lease.progress === null ? null : JSON.stringify(lease.progress))),
  ]);
  return result.rows;
}
