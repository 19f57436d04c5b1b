/** Pages through DAGs. Called by GET /api/v2/dags and the DAG list page. */
import type { Queryable } from '../../client.ts';
import { type ListPage, type ListRequest, type ListSource, readList } from '../../list-query.ts';
import { DAG_COLUMNS, DAG_FROM, type DagRow } from './dag-row.ts';

const SOURCE: ListSource = {
  name: 'list_dags',
  select: DAG_COLUMNS,
  from: `${DAG_FROM} left join lateral (
           select r.state, r.started_at, r.ended_at from dag_run r where r.dag_id = d.dag_id order by r.run_after desc, r.dag_run_id desc limit 1
         ) last on true`,
  fields: {
    dag_id: 'd.dag_id',
    display_name: "coalesce(v.spec ->> 'displayName', d.dag_id)",
    file_path: 'd.file_path',
    bundle_name: 'd.bundle_name',
    bundle_version: 'v.bundle_version',
    is_paused: 'd.is_paused',
    is_stale: 'd.is_stale',
    has_import_errors: 'd.has_import_errors',
    tags: "v.spec -> 'tags'",
    owner: "v.spec ->> 'owner'",
    search:
      "d.dag_id || ' ' || coalesce(v.spec ->> 'displayName', '') || ' ' || coalesce(v.spec ->> 'description', '') || ' ' || (v.spec ->> 'tags')",
    next_run_after: 'd.next_run_after',
    has_asset_schedule: "v.spec ? 'assetSchedule'",
    /** Names and URIs of the assets that run it. */
    asset_names: `(select coalesce(string_agg(concat_ws(' ', u.asset_name, u.asset_uri, u.alias), ' '), '') from dag_asset_use u where u.dag_id = d.dag_id and u.kind = 'schedule')`,
    last_run_state: 'last.state',
    last_run_started_at: 'last.started_at',
    last_run_ended_at: 'last.ended_at',
  },
  tieBreak: 'd.dag_id',
};

export function listDags(db: Queryable, request: ListRequest): Promise<ListPage<DagRow>> {
  return readList(db, SOURCE, request);
}
