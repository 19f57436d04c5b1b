/**
 * Deletes a task instance with its attempts, events and XComs. Called by the API. Locks its run and itself. Refused while
 * the run is unfinished: the scheduler decides about the instance, and what waits for it would wait for nothing.
 */
import { AppError } from '#core/errors.ts';
import type { Queryable } from '../../client.ts';
import type { TaskInstanceRow } from './task-instance-row.ts';

const DELETE_TASK_INSTANCE = {
  name: 'delete_task_instance',
  text: `
with ended as (
  select dag_run_id from dag_run where dag_run_id = $2 and state in ('success', 'failed') for update
)
delete from task_instance ti using ended e where ti.task_instance_id = $1 and ti.dag_run_id = e.dag_run_id`,
};

/** Throws CONFLICT while the run is unfinished. */
export async function deleteTaskInstance(
  db: Queryable,
  row: Pick<TaskInstanceRow, 'task_instance_id' | 'dag_run_id' | 'task_id' | 'run_id'>,
): Promise<void> {
  const { rowCount } = await db.query(DELETE_TASK_INSTANCE, [row.task_instance_id, row.dag_run_id]);
  if (rowCount > 0) return;
  throw new AppError(
    'CONFLICT',
    `The run ${row.run_id} has not ended: ${row.task_id} cannot be deleted. Mark or clear it instead, or end the run first.`,
  );
}
