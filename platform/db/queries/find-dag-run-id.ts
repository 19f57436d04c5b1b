import type { Queryable } from '../client.ts';

const FIND = { name: 'find_dag_run_id', text: 'select dag_run_id from dag_run where dag_id = $1 and run_id = $2' };

/** findDagRunId    who: worker, for a frame of another run. Locks nothing. Null = there is no such run (any more). */
export async function findDagRunId(db: Queryable, run: { readonly dagId: string; readonly runId: string }): Promise<string | null> {
  return (await db.query<{ dag_run_id: string }>(FIND, [run.dagId, run.runId])).rows[0]?.dag_run_id ?? null;
}
