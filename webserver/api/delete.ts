/** DELETE of a DAG's metadata and of one task instance. Runs are deleted in dag-runs.ts. */
import type { z } from 'zod';
import { deleteDag } from '#platform/db/queries/api/delete-dag.ts';
import { deleteTaskInstance } from '#platform/db/queries/api/delete-task-instance.ts';
import { type Route, route, type WebDeps } from '../http/route.ts';
import { ringDags } from './dags.ts';
import { requireTaskInstance } from './lookups.ts';
import { dagPath, instancePath, mapIndexQuery } from './path-ids.ts';
import { keyOf } from './task-instances.ts';
import { ringRun } from './trigger.ts';

export function deleteRoutes(deps: WebDeps): readonly Route[] {
  return [
    route<z.infer<typeof dagPath>>({
      method: 'DELETE',
      url: '/api/v2/dags/:dag_id',
      permission: 'op',
      audit: 'dag.delete',
      status: 204,
      summary: 'Delete all that is known of a DAG. While its file exists it comes back, without history.',
      params: dagPath,
      async handle({ db, params, audit, afterCommit }) {
        await deleteDag(db, params.dag_id);
        audit({ dagId: params.dag_id });
        afterCommit(() => {
          ringDags(deps, [params.dag_id]);
          deps.broker.ring('runs_changed', { dagIds: [params.dag_id] });
        });
      },
    }),
    route({
      method: 'DELETE',
      url: '/api/v2/dags/:dag_id/dagRuns/:dag_run_id/taskInstances/:task_id',
      permission: 'user',
      audit: 'task_instance.delete',
      status: 204,
      summary: 'Delete a task instance of a run that has ended, with its tries and results.',
      params: instancePath,
      query: mapIndexQuery,
      async handle({ db, params, query, audit, afterCommit }) {
        const row = await requireTaskInstance(db, keyOf(params, query.map_index));
        await deleteTaskInstance(db, row);
        audit({ dagId: row.dag_id, runId: row.run_id, taskId: row.task_id, mapIndex: row.map_index });
        afterCommit(() => ringRun(deps, row.dag_id, row.run_id));
      },
    }),
  ];
}
