import type { PreviousRun } from '#core/scheduling/past.ts';
import type { TaskInstanceState } from '#core/states.ts';
import type { Queryable } from '../client.ts';

export interface PreviousRunQuestion {
  readonly dagRunId: string;
  /** Tasks that look at the past: their newest earlier instances are found even when the run before has none. */
  readonly taskIds: readonly string[];
  /** The run before that was not triggered by hand: for DAGs that catch up. */
  readonly onlyScheduled: boolean;
}

const STATEMENT = {
  name: 'load_previous_run',
  text: `
with me as (
  select dag_run_id, dag_id, coalesce(logical_date, run_after) as at from dag_run where dag_run_id = $1
), previous as (
  select p.dag_run_id, p.run_id
    from me join dag_run p on p.dag_id = me.dag_id and (coalesce(p.logical_date, p.run_after), p.dag_run_id) < (me.at, me.dag_run_id)
   where not $3 or p.run_type <> 'manual'
   order by coalesce(p.logical_date, p.run_after) desc, p.dag_run_id desc limit 1
), found as (
  select p.run_id, ti.task_id, array_agg(ti.state) filter (where ti.state is not null) as states
    from previous p left join task_instance ti on ti.dag_run_id = p.dag_run_id and ti.state <> 'removed'
   group by p.run_id, ti.task_id
), older as (
  select o.run_id, t.task_id, (select array_agg(ti.state) from task_instance ti
                                where ti.dag_run_id = o.dag_run_id and ti.task_id = t.task_id and ti.state <> 'removed') as states
    from unnest($2::text[]) as t(task_id) cross join me
   cross join lateral (
     select r.dag_run_id, r.run_id from dag_run r
      where r.dag_id = me.dag_id and (coalesce(r.logical_date, r.run_after), r.dag_run_id) < (me.at, me.dag_run_id)
        and (not $3 or r.run_type <> 'manual')
        and exists (select 1 from task_instance ti where ti.dag_run_id = r.dag_run_id and ti.task_id = t.task_id and ti.state <> 'removed')
      order by coalesce(r.logical_date, r.run_after) desc, r.dag_run_id desc limit 1) o
   where not exists (select 1 from found f where f.task_id = t.task_id)
)
select run_id as "runId", task_id as "taskId", states, false as "isOlder" from found
union all
select run_id, task_id, states, true from older`,
};

/** loadPreviousRun    who: scheduler, for DAGs with dependsOnPast. Reads only. null = there is no run before. */
export async function loadPreviousRun(db: Queryable, question: PreviousRunQuestion): Promise<PreviousRun | null> {
  const { rows } = await db.query<{ runId: string; taskId: string | null; states: TaskInstanceState[]; isOlder: boolean }>(STATEMENT, [
    question.dagRunId,
    question.taskIds,
    question.onlyScheduled,
  ]);
  const found = rows.filter((row) => !row.isOlder);
  if (found[0] === undefined) return null;
  const named = rows.filter((row): row is typeof row & { taskId: string } => row.taskId !== null);
  return {
    runId: found[0].runId,
    states: new Map(named.filter((row) => !row.isOlder).map((row) => [row.taskId, row.states])),
    older: new Map(named.filter((row) => row.isOlder).map((row) => [row.taskId, { runId: row.runId, states: row.states }])),
  };
}
