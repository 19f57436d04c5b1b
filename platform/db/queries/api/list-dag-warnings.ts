/**
 * DAGs of which something will not do what their file says: a task names a pool that does not exist, or needs more
 * slots than its pool has (it never starts), an asset has the name or the URI of another one (it is not active: nothing
 * waits for it), or the file gives another DAG each time it is imported. Called by GET /api/v2/dagWarnings.
 */
import type { Queryable } from '../../client.ts';
import { type ListPage, type ListRequest, type ListSource, readList } from '../../list-query.ts';

export interface DagWarningRow {
  readonly dag_id: string;
  readonly warning_type: 'non-existent pool' | 'pool too small' | 'asset conflict' | 'unstable dag';
  /** The pools, the tasks as "task (3 of 2 slots of pool)", the assets as "name (uri)", or the words of the DAG processor. */
  readonly names: readonly string[];
  readonly at: Date;
}

const SOURCE: ListSource = {
  name: 'list_dag_warnings',
  select: 'w.dag_id, w.warning_type, w.names, w.at',
  from: `(select d.dag_id, 'non-existent pool' as warning_type, v.created_at as at, array_agg(distinct t ->> 'pool') as names
            from dag d join dag_version v on v.version_id = d.version_id cross join lateral jsonb_array_elements(v.spec -> 'tasks') as t
           where not d.is_stale and not exists (select 1 from pool p where p.name = t ->> 'pool')
           group by d.dag_id, v.created_at
           union all
          select d.dag_id, 'pool too small', v.created_at,
                 array_agg(distinct format('%s (%s of %s slots of %s)', t ->> 'taskId', t ->> 'poolSlots', p.slots, p.name))
            from dag d join dag_version v on v.version_id = d.version_id cross join lateral jsonb_array_elements(v.spec -> 'tasks') as t
            join pool p on p.name = t ->> 'pool'
           where not d.is_stale and p.slots >= 0 and (t ->> 'poolSlots')::int > p.slots
           group by d.dag_id, v.created_at
           union all
          select d.dag_id, 'asset conflict', v.created_at, array_agg(distinct a.name || ' (' || a.uri || ')')
            from dag d join dag_version v on v.version_id = d.version_id join dag_asset_use u on u.dag_id = d.dag_id
            join asset a on a.name = u.asset_name and a.uri = u.asset_uri
           where not d.is_stale and not a.is_active
           group by d.dag_id, v.created_at
           union all
          select dag_id, warning_type, created_at, array[message] from dag_warning join dag d using (dag_id) where not d.is_stale) w`,
  fields: { dag_id: 'w.dag_id', warning_type: 'w.warning_type', at: 'w.at' },
  tieBreak: 'w.dag_id',
};

export function listDagWarnings(db: Queryable, request: ListRequest): Promise<ListPage<DagWarningRow>> {
  return readList(db, SOURCE, request);
}
