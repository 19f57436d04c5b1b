/**
 * Pauses or unpauses DAGs. Called by the API and `windlass dags pause|unpause`. Locks the rows it changes.
 * Zero rows: none of them exists. The revision tells schedulers.
 */
import type { Queryable } from '../../client.ts';

const SET_DAG_PAUSED = {
  name: 'set_dag_paused',
  text: `update dag set is_paused = $2, revision = revision + (is_paused <> $2)::int,
            active_since = case when is_paused and not $2 then clock_timestamp() else active_since end
          where dag_id = any($1) returning dag_id`,
};

/** Returns the ids that exist. */
export async function setDagPaused(db: Queryable, dagIds: readonly string[], isPaused: boolean): Promise<readonly string[]> {
  return (await db.query<{ dag_id: string }>(SET_DAG_PAUSED, [dagIds, isPaused])).rows.map((row) => row.dag_id);
}
