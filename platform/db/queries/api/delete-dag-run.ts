/**
 * Deletes a run with its instances, attempts, events and XComs. Called by the API. Locks the run. Running
 * attempts notice by their next renewal (zero rows: the lease is lost). Zero rows: no such run.
 */
import type { Queryable } from '../../client.ts';

const DELETE_DAG_RUN = { name: 'delete_dag_run', text: 'delete from dag_run where dag_id = $1 and run_id = $2' };

export async function deleteDagRun(db: Queryable, dagId: string, runId: string): Promise<boolean> {
  return (await db.query(DELETE_DAG_RUN, [dagId, runId])).rowCount === 1;
}
