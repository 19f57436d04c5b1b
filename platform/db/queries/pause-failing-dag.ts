import type { Queryable } from '../client.ts';

const STATEMENT = {
  name: 'pause_failing_dag',
  text: `
with newest as (
  select state from dag_run where dag_id = $1 and state in ('success', 'failed') order by run_after desc, dag_run_id desc limit $2::int
), update_dag as (
  update dag set is_paused = true, revision = revision + 1
   where dag_id = $1 and not is_paused and (select count(*) filter (where state = 'failed') from newest) = $2::int
  returning dag_id
)
insert into audit_log (actor, action, dag_id, extra)
select 'scheduler', 'dag.pause', dag_id, jsonb_build_object('reason', 'maxConsecutiveFailedDagRuns: the last ' || $2::int || ' runs failed') from update_dag
returning dag_id as "dagId"`,
};

/**
 * pauseFailingDag    who: scheduler, when a run of a DAG with maxConsecutiveFailedDagRuns failed. Locks the DAG row.
 * Pauses the DAG when its newest `count` finished runs all failed, with a row in the audit log. Returns true when it did.
 */
export async function pauseFailingDag(db: Queryable, dagId: string, count: number): Promise<boolean> {
  return (await db.query(STATEMENT, [dagId, count])).rowCount > 0;
}
