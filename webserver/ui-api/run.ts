/** GET /ui/api/dags/{dagId}/runs/{runId}: one run with its tasks and instances. */
import { listRunInstances } from '#platform/db/queries/ui/list-run-instances.ts';
import { findTriggeringTask } from '#platform/db/queries/ui/read-run-links.ts';
import { requireDagRun, requireDagVersion } from '../api/lookups.ts';
import { runPath } from '../api/path-ids.ts';
import { type Route, route } from '../http/route.ts';
import { uiGroup, uiInstance, uiRun, uiTasks } from './shapes.ts';
import type { UiRun } from './types.ts';

/** A mapped task may have 100,000 instances: the page lists so many at most. */
const MAX_INSTANCES = 20_000;

export const runPageRoutes: readonly Route[] = [
  route({
    method: 'GET',
    url: '/ui/api/dags/:dag_id/runs/:dag_run_id',
    permission: 'viewer',
    summary: 'One run with its tasks and instances.',
    params: runPath,
    async handle({ db, params }): Promise<UiRun> {
      const run = await requireDagRun(db, params.dag_id, params.dag_run_id);
      const { spec } = await requireDagVersion(db, run.dag_id, run.version_number);
      const instances = await listRunInstances(db, run.dag_run_id, MAX_INSTANCES);
      return {
        ...uiRun(run),
        triggeringTask: await findTriggeringTask(db, run.dag_run_id),
        conf: run.conf,
        tasks: uiTasks(spec),
        groups: spec.groups.map(uiGroup),
        instances: instances.map(uiInstance),
      };
    },
  }),
];
