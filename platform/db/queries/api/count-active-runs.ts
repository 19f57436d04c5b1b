/** Counts the unfinished runs of a DAG. Called by the API. */
import type { Queryable } from '../../client.ts';

const COUNT_ACTIVE_RUNS = {
  name: 'count_active_runs',
  text: `select count(*)::int as count from dag_run r join dag d using (dag_id)
          where r.dag_id = $1 and r.shard = d.shard and r.state in ('queued', 'running')`,
};

export async function countActiveRuns(db: Queryable, dagId: string): Promise<number> {
  return (await db.query<{ count: number }>(COUNT_ACTIVE_RUNS, [dagId])).rows[0]?.count ?? 0;
}
