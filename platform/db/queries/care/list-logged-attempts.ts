/**
 * listLoggedAttempts    who: `windlass doctor`, the end of end-to-end tests. Locks nothing.
 * The newest attempts that ended in order and lately, the last one of each try: their logs must say so. Zero rows: none did.
 */
import type { Queryable, Statement } from '../../client.ts';

export interface LoggedAttempt {
  readonly attemptId: string;
  readonly taskInstanceId: string;
  readonly dagId: string;
  readonly runId: string;
  readonly taskId: string;
  readonly mapIndex: number;
  readonly tryNumber: number;
  /** A short success that said nothing leaves no log. */
  readonly mayBeSilent: boolean;
  /** Of all attempts of the instance. */
  readonly attemptIds: readonly string[];
}

const STATEMENT: Statement = {
  name: 'list_logged_attempts',
  text: `
with newest as materialized (
  select attempt_id, task_instance_id, try_number, lease_epoch, outcome, ended_at, body_started_at
    from task_attempt where attempt_id >= least_id(now() - $1 * interval '1 millisecond') order by attempt_id desc limit $2
)
select a.attempt_id as "attemptId", a.task_instance_id as "taskInstanceId", r.dag_id as "dagId", r.run_id as "runId", i.task_id as "taskId",
       i.map_index as "mapIndex", a.try_number as "tryNumber",
       a.outcome = 'success' and a.ended_at - a.body_started_at < interval '5 seconds' as "mayBeSilent",
       array(select o.attempt_id from task_attempt o where o.task_instance_id = a.task_instance_id) as "attemptIds"
  from newest a join task_instance i using (task_instance_id) join dag_run r using (dag_run_id)
 where a.outcome in ('success', 'failed', 'skipped') and a.body_started_at is not null and a.ended_at < clock_timestamp() - interval '1 second'
   and not exists (select 1 from task_attempt n where n.task_instance_id = a.task_instance_id and n.try_number = a.try_number and n.lease_epoch > a.lease_epoch)`,
};

export async function listLoggedAttempts(db: Queryable, historyMs: number, limit: number): Promise<readonly LoggedAttempt[]> {
  return (await db.query<LoggedAttempt>(STATEMENT, [historyMs, limit])).rows;
}
