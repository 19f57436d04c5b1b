/**
 * Tells the scheduler, by the revision, that runs were changed behind its back; with `reopen`, runs that had ended
 * are queued again. Called by the API in the transaction of the change. Locks the runs, and their instances that wait for others.
 * What a scheduler has decided about those from the rows before the change, and not written yet, is fenced off by their epoch:
 * an upstream that failed may run again by now. Zero rows: no such runs.
 */
import type { Queryable } from '../../client.ts';

const TOUCH_DAG_RUNS = {
  name: 'touch_dag_runs',
  text: `with decided_anew as (
           update task_instance set lease_epoch = lease_epoch + 1 where dag_run_id = any($1::uuid[]) and state = 'none'
         )
         update dag_run
            set revision = revision + 1,
                state = case when $2 and state in ('success', 'failed') then 'queued' else state end,
                started_at = case when $2 and state in ('success', 'failed') then null else started_at end,
                queued_at = case when $2 and state in ('success', 'failed') then clock_timestamp() else queued_at end,
                ended_at = case when $2 then null else ended_at end,
                reason = case when $2 then null else reason end,
                stop_reason = case when $2 then null else stop_reason end
          where dag_run_id = any($1::uuid[])`,
};

export async function touchDagRuns(db: Queryable, dagRunIds: readonly string[], reopen: boolean): Promise<void> {
  await db.query(TOUCH_DAG_RUNS, [dagRunIds, reopen]);
}
