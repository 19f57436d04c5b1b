/** Finds what a path names, or throws the 404 Airflow answers with. */
import { AppError } from '#core/errors.ts';
import type { Queryable } from '#platform/db/client.ts';
import type { DagRow } from '#platform/db/queries/api/dag-row.ts';
import { findDag } from '#platform/db/queries/api/find-dag.ts';
import { findTaskInstance, type TaskInstanceKey } from '#platform/db/queries/api/find-task-instance.ts';
import type { TaskInstanceRow } from '#platform/db/queries/api/task-instance-row.ts';

export async function requireDag(db: Queryable, dagId: string): Promise<DagRow> {
  const row = await findDag(db, dagId);
  if (row === null) throw new AppError('DAG_NOT_FOUND', `Dag with id ${dagId} was not found`);
  return row;
}

export { requireDagRun, requireDagVersion } from '#platform/change-of-mind/lookups.ts';

export async function requireTaskInstance(db: Queryable, key: TaskInstanceKey): Promise<TaskInstanceRow> {
  const row = await findTaskInstance(db, key);
  if (row !== null) return row;
  const mapped = key.mapIndex >= 0 ? `, map_index: \`${key.mapIndex}\`` : '';
  throw new AppError(
    'TASK_INSTANCE_NOT_FOUND',
    `The Task Instance with dag_id: \`${key.dagId}\`, run_id: \`${key.runId}\`${mapped} and task_id: \`${key.taskId}\` was not found`,
  );
}
