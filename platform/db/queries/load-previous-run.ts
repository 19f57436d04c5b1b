import type { PreviousRun } from '#core/scheduling/past.ts';
import type { TaskInstanceState } from '#core/states.ts';
import type { Queryable } from '../client.ts';

const STATEMENT = {
  name: 'load_previous_run',
  text: `
with previous as (
  select p.dag_run_id, p.run_id
    from dag_run r join dag_run p on p.dag_id = r.dag_id and p.dag_run_id <> r.dag_run_id
   where r.dag_run_id = $1
     and (coalesce(p.logical_date, p.run_after), p.dag_run_id) < (coalesce(r.logical_date, r.run_after), r.dag_run_id)
   order by coalesce(p.logical_date, p.run_after) desc, p.dag_run_id desc limit 1
)
select p.run_id as "runId", ti.task_id as "taskId", array_agg(ti.state) as states
  from previous p join task_instance ti on ti.dag_run_id = p.dag_run_id
 group by p.run_id, ti.task_id`,
};

/** loadPreviousRun    who: scheduler, for DAGs with dependsOnPast. Reads only. null = there is no run before. */
export async function loadPreviousRun(db: Queryable, dagRunId: string): Promise<PreviousRun | null> {
  const { rows } = await db.query<{ runId: string; taskId: string; states: TaskInstanceState[] }>(STATEMENT, [dagRunId]);
  return rows[0] === undefined ? null : { runId: rows[0].runId, states: new Map(rows.map((row) => [row.taskId, row.states])) };
}
