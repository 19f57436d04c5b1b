import type { Queryable } from '../../client.ts';

export interface RunQuestion {
  readonly taskInstanceId: string;
  readonly dagId: string;
  readonly runId: string;
}

export interface RunAnswer {
  readonly taskInstanceId: string;
  /** Null = there is no such run. */
  readonly state: string | null;
}

const STATEMENT = {
  name: 'look_dag_runs',
  text: `
select a.task_instance_id as "taskInstanceId", r.state
  from unnest($1::uuid[], $2::text[], $3::text[]) as a(task_instance_id, dag_id, run_id)
  left join dag_run r on r.dag_id = a.dag_id and r.run_id = a.run_id`,
};

/** lookDagRuns    who: triggerer, for all its waits for runs at once. Reads only. One row for each question. */
export async function lookDagRuns(db: Queryable, questions: readonly RunQuestion[]): Promise<readonly RunAnswer[]> {
  const result = await db.query<RunAnswer>(STATEMENT, [
    questions.map((one) => one.taskInstanceId),
    questions.map((one) => one.dagId),
    questions.map((one) => one.runId),
  ]);
  return result.rows;
}
