/**
 * listKeptRuns    who: the workers, before they remove folders of runs. Locks nothing.
 * Of these runs, those that exist and have not ended before the instant. Zero rows: the folders of all of them may go.
 */
import type { Queryable, Statement } from '../../client.ts';

export interface RunName {
  readonly dagId: string;
  readonly runId: string;
}

const STATEMENT: Statement = {
  name: 'list_kept_runs',
  text: `
select r.dag_id as "dagId", r.run_id as "runId"
  from unnest($1::text[], $2::text[]) as a(dag_id, run_id) join dag_run r using (dag_id, run_id)
 where r.ended_at is null or r.ended_at >= $3::timestamptz`,
};

export async function listKeptRuns(db: Queryable, runs: readonly RunName[], endedBefore: Date): Promise<readonly RunName[]> {
  return (await db.query<RunName>(STATEMENT, [runs.map((run) => run.dagId), runs.map((run) => run.runId), endedBefore])).rows;
}
