/** Reads one task instance by the ids of the API. Zero rows: no such instance. */
import type { Queryable } from '../../client.ts';
import { TASK_INSTANCE_COLUMNS, TASK_INSTANCE_FROM, type TaskInstanceRow } from './task-instance-row.ts';

const FIND_TASK_INSTANCE = {
  name: 'find_task_instance',
  text: `select ${TASK_INSTANCE_COLUMNS} from ${TASK_INSTANCE_FROM}
          where r.dag_id = $1 and r.run_id = $2 and ti.task_id = $3 and ti.map_index = $4`,
};

export interface TaskInstanceKey {
  readonly dagId: string;
  readonly runId: string;
  readonly taskId: string;
  /** -1 = not mapped. */
  readonly mapIndex: number;
}

export async function findTaskInstance(db: Queryable, key: TaskInstanceKey): Promise<TaskInstanceRow | null> {
  return (await db.query<TaskInstanceRow>(FIND_TASK_INSTANCE, [key.dagId, key.runId, key.taskId, key.mapIndex])).rows[0] ?? null;
}
