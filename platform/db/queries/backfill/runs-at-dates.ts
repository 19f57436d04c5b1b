/** The runs a DAG has for dates of a range, by logical date in ms. Called when a backfill is planned. Reads only. */
import type { DagRunState } from '#core/states.ts';
import type { Queryable } from '../../client.ts';

const LIST_RUN_STATES = {
  name: 'list_run_states_in_range',
  text: 'select logical_date as "logicalDate", state from dag_run where dag_id = $1 and logical_date between $2 and $3',
};

export async function listRunStates(db: Queryable, dagId: string, from: Date, to: Date): Promise<ReadonlyMap<number, DagRunState>> {
  const { rows } = await db.query<{ logicalDate: Date; state: DagRunState }>(LIST_RUN_STATES, [dagId, from, to]);
  return new Map(rows.map((row) => [row.logicalDate.getTime(), row.state]));
}

export interface RunAtDate {
  readonly dagRunId: string;
  readonly logicalDate: Date;
  readonly state: DagRunState;
}

const LOCK_RUNS = {
  name: 'lock_runs_at_dates',
  text: `
select dag_run_id as "dagRunId", logical_date as "logicalDate", state
  from dag_run where dag_id = $1 and logical_date = any($2::timestamptz[]) order by dag_run_id for update`,
};

/** lockRunsAt    who: scheduler, before a backfill decides about these dates. Locks the runs. */
export async function lockRunsAt(db: Queryable, dagId: string, dates: readonly Date[]): Promise<readonly RunAtDate[]> {
  return (await db.query<RunAtDate>(LOCK_RUNS, [dagId, dates])).rows;
}
