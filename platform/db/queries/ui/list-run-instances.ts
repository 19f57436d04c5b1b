/** Reads the instances of one run, in map order. Called by the run page. */
import type { Queryable } from '../../client.ts';
import { TASK_INSTANCE_COLUMNS, TASK_INSTANCE_FROM, type TaskInstanceRow } from '../api/task-instance-row.ts';

const LIST_RUN_INSTANCES = {
  name: 'list_run_instances',
  text: `select ${TASK_INSTANCE_COLUMNS} from ${TASK_INSTANCE_FROM} where ti.dag_run_id = $1 order by ti.task_id, ti.map_index limit $2`,
};

export async function listRunInstances(db: Queryable, dagRunId: string, limit: number): Promise<readonly TaskInstanceRow[]> {
  return (await db.query<TaskInstanceRow>(LIST_RUN_INSTANCES, [dagRunId, limit])).rows;
}
