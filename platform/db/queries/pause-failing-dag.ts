import type { Queryable } from '../client.ts';

const STATEMENT = {
  name: 'pause_failing_dag',
  text: `
with newest as (
  select state from dag_run where dag_id = $1 and state in ('success', 'failed') order by run_after desc, dag_run_id desc limit $2
)
update dag set is_paused = true, revision = revision + 1
 where dag_id = $1 and not is_paused and (select count(*) filter (where state = 'failed') from newest) = $2
returning dag_id as "dagId"`,
};

/**
 * pauseFailingDag    who: scheduler, when a run of a DAG with maxConsecutiveFailedDagRuns failed. Locks the DAG row.
 * Pauses the DAG when its newest `count` finished runs all failed. Returns true when it did.
 */
export async function pauseFailingDag(db: Queryable, dagId: string, count: number): Promise<boolean> {
  return (await db.query(STATEMENT, [dagId, count])).rowCount > 0;
}
