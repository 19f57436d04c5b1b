import type { Queryable } from '../client.ts';

export interface Lease {
  readonly taskInstanceId: string;
  readonly leaseEpoch: number;
  /** Shown beside the task while it runs; null = nothing reported. */
  readonly progress: { readonly done: number; readonly total: number; readonly note?: string } | null;
}

const STATEMENT = {
  name: 'renew_leases',
  text: `
update task_instance ti
   set lease_expires_at = clock_timestamp() + $2 * interval '1 millisecond', last_heartbeat_at = clock_timestamp(),
       progress = coalesce(l.progress::jsonb, ti.progress)
  from unnest($3::uuid[], $4::bigint[], $5::text[]) as l(task_instance_id, lease_epoch, progress)
 where ti.task_instance_id = l.task_instance_id and ti.state = 'running' and ti.lease_epoch = l.lease_epoch and ti.lease_owner = $1
returning ti.task_instance_id as "taskInstanceId"`,
};

/**
 * renewLeases    who: worker, every heartbeat, one statement for all its attempts. Locks the rows it renews.
 * Returns the ids still held. An id missing from the answer has been lost: kill its process, write nothing.
 */
export async function renewLeases(
  db: Queryable,
  batch: { readonly workerId: string; readonly leaseTtlMs: number; readonly leases: readonly Lease[] },
): Promise<ReadonlySet<string>> {
  const result = await db.query<{ taskInstanceId: string }>(STATEMENT, [
    batch.workerId,
    batch.leaseTtlMs,
    batch.leases.map((lease) => lease.taskInstanceId),
    batch.leases.map((lease) => lease.leaseEpoch),
    batch.leases.map((lease) => (lease.progress === null ? null : JSON.stringify(lease.progress))),
  ]);
  return new Set(result.rows.map((row) => row.taskInstanceId));
}
