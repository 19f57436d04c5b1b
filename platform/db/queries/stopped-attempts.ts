import type { Queryable } from '../client.ts';
import type { HeldLease } from './renew-leases.ts';

/** What became of an instance whose lease was taken away. */
export interface TakenLease {
  readonly taskInstanceId: string;
  readonly state: string;
  readonly leaseEpoch: number;
  readonly leaseOwner: string | null;
}

const TAKEN = {
  name: 'read_taken_leases',
  text: `select task_instance_id as "taskInstanceId", state, lease_epoch as "leaseEpoch", lease_owner as "leaseOwner"
           from task_instance where task_instance_id = any($1::uuid[])`,
};

/** readTakenLeases    who: worker, of leases that were not renewed. Reads only. One missing from the answer was deleted. */
export async function readTakenLeases(db: Queryable, ids: readonly string[]): Promise<ReadonlyMap<string, TakenLease>> {
  const { rows } = await db.query<TakenLease>(TAKEN, [ids]);
  return new Map(rows.map((row) => [row.taskInstanceId, row]));
}

const CONFIRM = {
  name: 'confirm_stopped',
  text: `
with stopped as (
  update task_instance
     set state = 'none', lease_epoch = lease_epoch + 1, lease_owner = null, lease_expires_at = null, reason = null
   where task_instance_id = $2 and state = 'restarting' and lease_owner = $1 and lease_epoch = $3::bigint + 1
  returning task_instance_id, try_number, lease_epoch
)
insert into task_instance_event (task_instance_id, event, from_state, to_state, try_number, lease_epoch, actor, reason)
select task_instance_id, 'confirm_stop', 'restarting', 'none', try_number, lease_epoch, 'worker:' || $1, 'the cleared body has ended'
  from stopped`,
};

/**
 * confirmStopped    who: worker, when the process of an attempt that was cleared is gone. Locks the instance.
 * `lease` is the attempt's: the clear raised its epoch by one. False = it is not waiting for us (any more).
 */
export async function confirmStopped(db: Queryable, workerId: string, lease: HeldLease): Promise<boolean> {
  return (await db.query(CONFIRM, [workerId, lease.taskInstanceId, lease.leaseEpoch])).rowCount > 0;
}
