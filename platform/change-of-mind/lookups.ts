/** Finds what a change is about, or throws the 404 that Airflow answers with. */
import { AppError } from '#core/errors.ts';
import type { Queryable } from '../db/client.ts';
import type { DagRunRow } from '../db/queries/api/dag-run-row.ts';
import { findDagRun } from '../db/queries/api/find-dag-run.ts';
import { type DagVersionRow, findDagVersion } from '../db/queries/api/find-dag-version.ts';

/** `versionNumber` null = the newest. */
export async function requireDagVersion(db: Queryable, dagId: string, versionNumber: number | null): Promise<DagVersionRow> {
  const row = await findDagVersion(db, dagId, versionNumber);
  if (row !== null) return row;
  if (versionNumber === null) throw new AppError('DAG_NOT_FOUND', `Dag with id ${dagId} was not found`);
  throw new AppError('NOT_FOUND', `The DagVersion with dag_id: \`${dagId}\` and version_number: \`${versionNumber}\` was not found`);
}

/** One after the other: a transaction is one connection. */
export async function requireDagRuns(db: Queryable, dagId: string, runIds: readonly string[]): Promise<readonly DagRunRow[]> {
  const runs: DagRunRow[] = [];
  for (const runId of runIds) runs.push(await requireDagRun(db, dagId, runId));
  return runs;
}

export async function requireDagRun(db: Queryable, dagId: string, runId: string): Promise<DagRunRow> {
  const row = await findDagRun(db, dagId, runId);
  if (row === null) throw new AppError('DAG_RUN_NOT_FOUND', `The DagRun with dag_id: \`${dagId}\` and run_id: \`${runId}\` was not found`);
  return row;
}
