/** Counts the runs of DAGs by state. Called by GET /api/v2/dagStats. `dagIds` null = all DAGs that are not stale. */
import type { DagRunState } from '#core/states.ts';
import type { Queryable } from '../../client.ts';

const LIST_DAG_STATS = {
  name: 'list_dag_stats',
  text: `select d.dag_id, coalesce((select jsonb_object_agg(s.state, s.count) from (
                  select r.state, count(*)::int as count from dag_run r where r.dag_id = d.dag_id group by r.state) s), '{}') as counts
           from dag d where case when $1::text[] is null then not d.is_stale else d.dag_id = any($1) end order by d.dag_id`,
};

export interface DagStatsRow {
  readonly dag_id: string;
  readonly counts: Readonly<Partial<Record<DagRunState, number>>>;
}

export async function listDagStats(db: Queryable, dagIds: readonly string[] | null): Promise<readonly DagStatsRow[]> {
  return (await db.query<DagStatsRow>(LIST_DAG_STATS, [dagIds])).rows;
}
