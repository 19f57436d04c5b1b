/** /dags/{dag_id}/dagRuns: list, get, patch, delete. `~` as dag_id lists the runs of all DAGs. */
import { AppError } from '#core/errors.ts';
import { DAG_RUN_STATES } from '#core/states.ts';
import type { Queryable } from '#platform/db/client.ts';
import type { ListRequest } from '#platform/db/list-query.ts';
import { deleteDagRun } from '#platform/db/queries/api/delete-dag-run.ts';
import { listDagRuns } from '#platform/db/queries/api/list-dag-runs.ts';
import {
  anyInteger,
  anyOf,
  anyState,
  contains,
  ignored,
  instantRange,
  listBody,
  listQuery,
  numberRange,
  pattern,
} from '../http/list-query-schema.ts';
import { type Route, route, type WebDeps } from '../http/route.ts';
import * as runAnswers from './answers/runs.ts';
import { requireDag, requireDagRun } from './lookups.ts';
import { dagPath, runPath } from './path-ids.ts';
import { dagRunShape } from './shapes/dag-run.ts';
import { ringRun } from './trigger.ts';

const ORDERING = {
  fields: {
    id: 'id',
    state: 'state',
    dag_id: 'dag_id',
    run_id: 'run_id',
    dag_run_id: 'run_id',
    logical_date: 'logical_date',
    run_after: 'run_after',
    start_date: 'start_date',
    end_date: 'end_date',
    updated_at: 'updated_at',
    conf: 'conf',
    duration: 'duration',
  },
  default: ['id'],
};

const RANGES = {
  ...instantRange('run_after'),
  ...instantRange('logical_date'),
  ...instantRange('start_date'),
  ...instantRange('end_date'),
  ...numberRange('duration'),
};

const FILTERS = {
  ...RANGES,
  ...instantRange('updated_at'),
  conf_contains: contains('conf'),
  run_type: anyOf('run_type'),
  state: anyState('state', DAG_RUN_STATES),
  dag_version: anyInteger('version_number'),
  bundle_version: ignored,
  run_id_pattern: pattern('run_id'),
  triggering_user_name_pattern: pattern('triggering_user'),
  dag_id_pattern: pattern('dag_id'),
  partition_key_pattern: pattern('partition_key'),
};

const BATCH_FILTERS = {
  ...RANGES,
  dag_ids: anyOf('dag_id'),
  states: anyState('state', DAG_RUN_STATES),
  conf_contains: contains('conf'),
};

export function dagRunRoutes(deps: WebDeps): readonly Route[] {
  return [
    route({
      method: 'GET',
      url: '/api/v2/dags/:dag_id/dagRuns',
      permission: 'viewer',
      summary: 'List the runs of a DAG, or of all DAGs (~).',
      response: runAnswers.dagRuns,
      params: dagPath,
      query: listQuery(FILTERS, ORDERING),
      handle: ({ db, params, query }) => runsPage(db, params.dag_id, query),
    }),
    route({
      method: 'POST',
      url: '/api/v2/dags/:dag_id/dagRuns/list',
      permission: 'viewer',
      summary: 'List runs, with the filters in the body.',
      response: runAnswers.dagRuns,
      params: dagPath,
      body: listBody(BATCH_FILTERS, ORDERING),
      handle: ({ db, params, body }) => runsPage(db, params.dag_id, body),
    }),
    route({
      method: 'GET',
      url: '/api/v2/dags/:dag_id/dagRuns/:dag_run_id',
      permission: 'viewer',
      summary: 'One run.',
      response: runAnswers.dagRun,
      params: runPath,
      handle: async ({ db, params }) => dagRunShape(await requireDagRun(db, params.dag_id, params.dag_run_id)),
    }),
    route({
      method: 'DELETE',
      url: '/api/v2/dags/:dag_id/dagRuns/:dag_run_id',
      permission: 'user',
      audit: 'dag_run.delete',
      status: 204,
      summary: 'Delete a run with all its history.',
      params: runPath,
      async handle({ db, params, audit, afterCommit }) {
        const run = await requireDagRun(db, params.dag_id, params.dag_run_id);
        if (run.state === 'running')
          throw new AppError('BAD_REQUEST', `The run ${run.run_id} is running and cannot be deleted. Mark it as failed first.`);
        await deleteDagRun(db, run.dag_id, run.run_id);
        audit({ dagId: run.dag_id, runId: run.run_id });
        afterCommit(() => ringRun(deps, run.dag_id, run.run_id));
      },
    }),
  ];
}

async function runsPage(db: Queryable, dagId: string, request: ListRequest) {
  if (dagId !== '~') await requireDag(db, dagId);
  const filters = dagId === '~' ? request.filters : [...request.filters, { field: 'dag_id', operator: 'eq' as const, value: dagId }];
  const page = await listDagRuns(db, { ...request, filters });
  return { dag_runs: page.rows.map(dagRunShape), total_entries: page.total };
}
