/** Reads one question: by its id, or the newest of a task instance (of one try, if asked so). Null = there is none. */
import type { Queryable } from '../../client.ts';
import type { TaskInstanceKey } from '../api/find-task-instance.ts';
import { APPROVAL_COLUMNS, APPROVAL_FROM, type ApprovalRow } from './approval-row.ts';

const BY_ID = { name: 'find_approval', text: `select ${APPROVAL_COLUMNS} from ${APPROVAL_FROM} where q.approval_id = $1` };

const OF_INSTANCE = {
  name: 'find_approval_of_instance',
  text: `select ${APPROVAL_COLUMNS} from ${APPROVAL_FROM}
          where r.dag_id = $1 and r.run_id = $2 and ti.task_id = $3 and ti.map_index = $4 and ($5::int is null or q.try_number = $5)
          order by q.lease_epoch desc limit 1`,
};

export async function findApproval(db: Queryable, approvalId: string): Promise<ApprovalRow | null> {
  return (await db.query<ApprovalRow>(BY_ID, [approvalId])).rows[0] ?? null;
}

export async function findApprovalOf(db: Queryable, key: TaskInstanceKey, tryNumber: number | null = null): Promise<ApprovalRow | null> {
  const { dagId, runId, taskId, mapIndex } = key;
  return (await db.query<ApprovalRow>(OF_INSTANCE, [dagId, runId, taskId, mapIndex, tryNumber])).rows[0] ?? null;
}
