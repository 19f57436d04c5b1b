/** Reads one DAG run. Called by the API and the pages. Zero rows: no such run. */
import type { Queryable } from '../../client.ts';
import { DAG_RUN_COLUMNS, DAG_RUN_FROM, type DagRunRow } from './dag-run-row.ts';

const FIND_DAG_RUN = {
  name: 'find_dag_run',
  text: `select ${DAG_RUN_COLUMNS} from ${DAG_RUN_FROM} where r.dag_id = $1 and r.run_id = $2`,
};

export async function findDagRun(db: Queryable, dagId: string, runId: string): Promise<DagRunRow | null> {
  return (await db.query<DagRunRow>(FIND_DAG_RUN, [dagId, runId])).rows[0] ?? null;
}
