/** DAGs whose tasks name a pool that does not exist: such a task never starts. Called by GET /api/v2/dagWarnings. */
import type { Queryable } from '../../client.ts';
import { type ListPage, type ListRequest, type ListSource, readList } from '../../list-query.ts';

export interface DagWarningRow {
  readonly dag_id: string;
  readonly pools: readonly string[];
  readonly at: Date;
}

const SOURCE: ListSource = {
  name: 'list_dag_warnings',
  select: 'w.dag_id, w.pools, w.at',
  from: `(select d.dag_id, v.created_at as at, array_agg(distinct t ->> 'pool') as pools
            from dag d join dag_version v on v.version_id = d.version_id cross join lateral jsonb_array_elements(v.spec -> 'tasks') as t
           where not d.is_stale and not exists (select 1 from pool p where p.name = t ->> 'pool')
           group by d.dag_id, v.created_at) w`,
  fields: { dag_id: 'w.dag_id', at: 'w.at' },
  tieBreak: 'w.dag_id',
};

export function listDagWarnings(db: Queryable, request: ListRequest): Promise<ListPage<DagWarningRow>> {
  return readList(db, SOURCE, request);
}
