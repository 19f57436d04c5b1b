import type { Queryable } from '../../client.ts';

export interface ExternalQuestion {
  readonly taskInstanceId: string;
  readonly dagId: string;
  readonly taskIds: readonly string[] | null;
  readonly groupId: string | null;
  readonly logicalDate: Date;
  /** Also asks which tasks the DAG has. */
  readonly checkExistence: boolean;
}

export interface ExternalAnswer {
  readonly taskInstanceId: string;
  readonly dagExists: boolean;
  /** Null = there is no such run (yet). */
  readonly runState: string | null;
  readonly runId: string | null;
  /** The distinct states of each asked task's instances. */
  readonly tasks: Readonly<Record<string, readonly string[]>> | null;
  /** Task ids of the DAG's newest version; null = not asked. */
  readonly knownTasks: readonly string[] | null;
}

const STATEMENT = {
  name: 'look_external_tasks',
  text: `
with asked as (
  select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::boolean[])
    as a(task_instance_id, dag_id, task_ids, group_id, logical_date, check_existence)
)
select a.task_instance_id as "taskInstanceId", d.dag_id is not null and not d.is_stale as "dagExists", r.state as "runState", r.run_id as "runId",
       case when a.task_ids is not null or a.group_id is not null then
         (select jsonb_object_agg(s.task_id, s.states) from (
            select ti.task_id, jsonb_agg(distinct ti.state) as states from task_instance ti
             where ti.dag_run_id = r.dag_run_id
               and (ti.task_id = any(array(select jsonb_array_elements_text(a.task_ids::jsonb))) or ti.task_id like replace(replace(a.group_id, '_', '\\_'), '%', '\\%') || '.%')
             group by ti.task_id) s) end as tasks,
       case when a.check_existence then
         array(select t ->> 'taskId' from dag_version v, jsonb_array_elements(v.spec -> 'tasks') as t where v.version_id = d.version_id) end as "knownTasks"
  from asked a left join dag d on d.dag_id = a.dag_id left join dag_run r on r.dag_id = a.dag_id and r.logical_date = a.logical_date`,
};

/**
 * lookExternalTasks    who: triggerer, for all its waits for other DAGs at once. Reads only.
 * One row for each question, whether there is such a DAG or run or not.
 */
export async function lookExternalTasks(db: Queryable, questions: readonly ExternalQuestion[]): Promise<readonly ExternalAnswer[]> {
  const result = await db.query<ExternalAnswer>(STATEMENT, [
    questions.map((one) => one.taskInstanceId),
    questions.map((one) => one.dagId),
    questions.map((one) => (one.taskIds === null ? null : JSON.stringify(one.taskIds))),
    questions.map((one) => one.groupId),
    questions.map((one) => one.logicalDate),
    questions.map((one) => one.checkExistence),
  ]);
  return result.rows;
}
