import type { Queryable } from '../../client.ts';

export interface TriggeringAttempt {
  readonly taskInstanceId: string;
  readonly leaseEpoch: number;
  readonly clearNumber: number;
}

const HOLD = {
  name: 'hold_triggering_attempt',
  text: `select 1 from task_instance where task_instance_id = $1 and lease_epoch = $2 and state = 'running' for share`,
};

/** Called by a worker, first in the transaction that triggers. Locks the instance. False = the lease is lost: trigger nothing. */
export async function holdTriggeringAttempt(tx: Queryable, { taskInstanceId, leaseEpoch }: TriggeringAttempt): Promise<boolean> {
  return (await tx.query(HOLD, [taskInstanceId, leaseEpoch])).rowCount > 0;
}

const MARK = {
  name: 'mark_triggered',
  text: 'update dag_run set triggering_instance_id = $2, triggering_clear_number = $3 where dag_run_id = $1',
};

/** Called by a worker, in the transaction that made or reset the run. Locks the run. */
export async function markTriggered(tx: Queryable, dagRunId: string, by: TriggeringAttempt): Promise<void> {
  await tx.query(MARK, [dagRunId, by.taskInstanceId, by.clearNumber]);
}
