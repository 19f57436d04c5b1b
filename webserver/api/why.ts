/** Why the unfinished task instances of a run do not run, in sentences. Windlass's own: Airflow has no such endpoint. */
import { z } from 'zod';
import { whyWaiting } from '#core/why.ts';
import { readWaitingFacts } from '#platform/db/queries/ui/read-waiting-facts.ts';
import { integer } from '../http/list-query-schema.ts';
import { type Route, route } from '../http/route.ts';
import * as runAnswers from './answers/runs.ts';
import { requireDagRun } from './lookups.ts';
import { runPath } from './path-ids.ts';
import { apiState } from './shapes/task-instance.ts';

const SHOWN_MAX = 1_000;

export const whyRoutes: readonly Route[] = [
  route({
    method: 'GET',
    url: '/api/v2/dags/:dag_id/dagRuns/:dag_run_id/why',
    permission: 'viewer',
    summary: 'Why task instances of a run do not run.',
    response: runAnswers.waitingInstances,
    params: runPath,
    query: z.object({ task_id: z.string().optional(), map_index: integer.optional() }),
    async handle({ db, params, query }) {
      const run = await requireDagRun(db, params.dag_id, params.dag_run_id);
      const of = {
        ...(query.task_id !== undefined && { taskId: query.task_id }),
        ...(query.map_index !== undefined && { mapIndex: query.map_index }),
      };
      const waiting = await readWaitingFacts(db, { dagRunId: run.dag_run_id, ...of, limit: SHOWN_MAX });
      return {
        task_instances: waiting.map((facts) => ({
          task_id: facts.taskId,
          map_index: facts.mapIndex,
          state: apiState(facts.state),
          reason: facts.reason,
          why: whyWaiting(facts),
        })),
      };
    },
  }),
];
