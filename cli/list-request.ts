/** Builds requests for the lists of platform/db, and finds things by their ids or says which ids are near. */
import { closest } from '#core/did-you-mean.ts';
import { AppError } from '#core/errors.ts';
import { parseRunId } from '#core/ids.ts';
import type { Queryable } from '#platform/db/client.ts';
import type { Filter, ListRequest } from '#platform/db/list-query.ts';
import type { DagRow } from '#platform/db/queries/api/dag-row.ts';
import type { DagRunRow } from '#platform/db/queries/api/dag-run-row.ts';
import { findDag } from '#platform/db/queries/api/find-dag.ts';
import { listDagRuns } from '#platform/db/queries/api/list-dag-runs.ts';
import { listDags } from '#platform/db/queries/api/list-dags.ts';

export function equal(field: string, value: unknown): Filter {
  return { field, operator: 'eq', value };
}

export function listRequest(filters: readonly Filter[], orderBy: string, limit: number): ListRequest {
  const descending = orderBy.startsWith('-');
  return { filters, orderBy: [{ field: descending ? orderBy.slice(1) : orderBy, descending }], limit, offset: 0 };
}

const NEAR_MAX = 1_000;

/** Throws DAG_NOT_FOUND, naming a near id. */
export async function requireDag(db: Queryable, dagId: string): Promise<DagRow> {
  const dag = await findDag(db, dagId);
  if (dag !== null) return dag;
  const known = (await listDags(db, listRequest([], 'dag_id', NEAR_MAX))).rows.map((row) => row.dag_id);
  const near = closest(dagId, known);
  throw new AppError(
    'DAG_NOT_FOUND',
    `There is no DAG ${JSON.stringify(dagId)}.${near ? ` Did you mean ${near}?` : ''} See: windlass dags list`,
  );
}

/** Throws DAG_RUN_NOT_FOUND. */
export async function requireRun(db: Queryable, dagId: string, runId: string): Promise<DagRunRow> {
  const filters = [equal('dag_id', dagId), equal('run_id', parseRunId(runId))];
  const run = (await listDagRuns(db, listRequest(filters, 'run_id', 1))).rows[0];
  if (run !== undefined) return run;
  await requireDag(db, dagId);
  throw new AppError('DAG_RUN_NOT_FOUND', `The DAG ${dagId} has no run ${JSON.stringify(runId)}. See: windlass dags list-runs ${dagId}`);
}
