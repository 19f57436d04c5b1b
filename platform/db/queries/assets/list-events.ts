/** Pages through events of assets with the runs they made. Called by the API, the pages and the CLI. */
import type { Queryable } from '../../client.ts';
import { type ListPage, type ListRequest, type ListSource, readList } from '../../list-query.ts';

export interface CreatedRun {
  readonly dag_id: string;
  readonly run_id: string;
  readonly state: string;
  readonly logical_date: string | null;
  readonly start_date: string | null;
  readonly end_date: string | null;
  readonly data_interval_start: string | null;
  readonly data_interval_end: string | null;
  readonly partition_key: string | null;
}

export interface AssetEventRow {
  readonly event_id: number;
  readonly asset_id: number;
  readonly name: string;
  readonly uri: string;
  readonly asset_group: string;
  readonly extra: Readonly<Record<string, unknown>>;
  readonly partition_key: string | null;
  readonly source_dag_id: string | null;
  readonly source_run_id: string | null;
  readonly source_task_id: string | null;
  readonly source_map_index: number | null;
  readonly at: Date;
  readonly created_dagruns: readonly CreatedRun[];
}

const RUNS = `
  coalesce((select json_agg(json_build_object('dag_id', r.dag_id, 'run_id', r.run_id, 'state', r.state, 'logical_date', r.logical_date,
       'start_date', r.started_at, 'end_date', r.ended_at, 'data_interval_start', r.data_interval_start, 'data_interval_end', r.data_interval_end,
       'partition_key', r.partition_key) order by r.dag_id)
     from asset_dag_event q join dag_run r on r.dag_run_id = q.dag_run_id where q.event_id = e.event_id), '[]')`;

const SOURCE: ListSource = {
  name: 'list_asset_events',
  select: `e.event_id, e.asset_id, a.name, a.uri, a.asset_group, e.extra, e.partition_key, e.source_dag_id, e.source_run_id, e.source_task_id,
    e.source_map_index, e.at, ${RUNS} as created_dagruns`,
  from: 'asset_event e join asset a on a.asset_id = e.asset_id',
  fields: {
    id: 'e.event_id',
    asset_id: 'e.asset_id',
    name: 'a.name',
    source_dag_id: 'e.source_dag_id',
    source_run_id: 'e.source_run_id',
    source_task_id: 'e.source_task_id',
    source_map_index: 'e.source_map_index',
    partition_key: 'e.partition_key',
    timestamp: 'e.at',
    /** The run it made. */
    dag_run_id: `(select coalesce(jsonb_agg(q.dag_run_id::text), '[]') from asset_dag_event q where q.event_id = e.event_id)`,
  },
  tieBreak: 'e.event_id',
};

export function listAssetEvents(db: Queryable, request: ListRequest): Promise<ListPage<AssetEventRow>> {
  return readList(db, SOURCE, request);
}
