/** Reads one XCom with its value. Called by the API. Zero rows: the task pushed no such key. */
import type { Queryable } from '../../client.ts';
import type { TaskInstanceKey } from './find-task-instance.ts';
import { XCOM_COLUMNS, XCOM_FROM, type XComRow } from './xcom-row.ts';

export type FoundXComEntry = XComRow & { readonly value: unknown; readonly ref: string | null; readonly dag_run_id: string };

const FIND_XCOM_ENTRY = {
  name: 'find_xcom_entry',
  text: `select ${XCOM_COLUMNS}, x.value, x.ref, r.dag_run_id from ${XCOM_FROM}
          where r.dag_id = $1 and r.run_id = $2 and ti.task_id = $3 and ti.map_index = $4 and x.key = $5`,
};

export async function findXComEntry(db: Queryable, owner: TaskInstanceKey, key: string): Promise<FoundXComEntry | null> {
  const values = [owner.dagId, owner.runId, owner.taskId, owner.mapIndex, key];
  return (await db.query<FoundXComEntry>(FIND_XCOM_ENTRY, values)).rows[0] ?? null;
}
