/** Sets the state of a run as a person wants it. Called by the API, after its instances were marked. Locks the run. */
import type { DagRunState } from '#core/states.ts';
import type { Queryable } from '../../client.ts';

const SET_DAG_RUN_STATE = {
  name: 'set_dag_run_state',
  text: `update dag_run
            set state = $2, reason = $3, revision = revision + 1,
                started_at = case when $2 = 'queued' then null else coalesce(started_at, clock_timestamp()) end,
                ended_at = case when $2 in ('success', 'failed') then clock_timestamp() end
          where dag_run_id = $1`,
};

export async function setDagRunState(db: Queryable, dagRunId: string, state: DagRunState, reason: string | null): Promise<void> {
  await db.query(SET_DAG_RUN_STATE, [dagRunId, state, reason]);
}

const STOP_DAG_RUN = {
  name: 'stop_dag_run_by_hand',
  text: `update dag_run set stop_reason = $2, reason = $2, revision = revision + 1 where dag_run_id = $1 and state in ('queued', 'running')`,
};

/** The run goes on with its teardowns only, and fails after them. Called by the API and the CLI. Zero rows: it has ended. */
export async function stopDagRun(db: Queryable, dagRunId: string, reason: string): Promise<void> {
  await db.query(STOP_DAG_RUN, [dagRunId, reason]);
}
