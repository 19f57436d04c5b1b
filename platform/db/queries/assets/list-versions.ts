/** Pages through the versions of assets, each with the columns of the one before it. Called by the API, the pages and the CLI. */
import type { AssetColumn, AssetSample, ColumnSource } from '#core/assets/asset-version.ts';
import type { Queryable } from '../../client.ts';
import { type ListPage, type ListRequest, type ListSource, readList } from '../../list-query.ts';

export interface UpstreamVersion {
  readonly asset_id: number;
  readonly name: string;
  /** Null: it had no version then. */
  readonly version_id: number | null;
}

export interface AssetVersionRow {
  readonly version_id: number;
  readonly asset_id: number;
  readonly name: string;
  readonly at: Date;
  readonly partition_key: string | null;
  readonly dag_id: string;
  readonly run_id: string;
  readonly task_id: string;
  readonly map_index: number;
  readonly attempt_id: string;
  readonly dag_version: number | null;
  readonly code_hash: string | null;
  readonly columns: readonly AssetColumn[] | null;
  readonly row_count: number | null;
  readonly bytes: number | null;
  readonly partitions: readonly string[] | null;
  readonly column_lineage: Readonly<Record<string, readonly ColumnSource[]>> | null;
  readonly sample: AssetSample | null;
  readonly upstream: readonly UpstreamVersion[];
  /** Of the newest version before it whose columns are known. */
  readonly earlier_id: number | null;
  readonly earlier_columns: readonly AssetColumn[] | null;
}

const SOURCE: ListSource = {
  name: 'list_asset_versions',
  select: `v.version_id, v.asset_id, a.name, v.at, v.partition_key, v.dag_id, v.run_id, v.task_id, v.map_index, v.attempt_id, v.dag_version, v.code_hash,
    v.columns, v.row_count, v.bytes, v.partitions, v.column_lineage, case when a.preview_rows is distinct from 0 then v.sample end as sample,
    coalesce((select jsonb_agg(jsonb_build_object('asset_id', u.asset_id, 'name', o.name, 'version_id', u.version_id) order by o.name)
       from jsonb_to_recordset(v.upstream) as u(asset_id bigint, version_id bigint) join asset o on o.asset_id = u.asset_id), '[]') as upstream,
    earlier.version_id as earlier_id, earlier.columns as earlier_columns`,
  from: `asset_version v join asset a on a.asset_id = v.asset_id
    left join lateral (select e.version_id, e.columns from asset_version e
                        where e.asset_id = v.asset_id and e.version_id < v.version_id and e.columns is not null and v.columns is not null
                        order by e.version_id desc limit 1) earlier on true`,
  fields: {
    id: 'v.version_id',
    asset_id: 'v.asset_id',
    timestamp: 'v.at',
    partition_key: 'v.partition_key',
    source_dag_id: 'v.dag_id',
    source_run_id: 'v.run_id',
    source_task_id: 'v.task_id',
    attempt_id: 'v.attempt_id',
    has_new_columns: '(earlier.columns is distinct from v.columns and v.columns is not null)',
    row_count: 'v.row_count',
    bytes: 'v.bytes',
  },
  tieBreak: 'v.version_id',
};

export function listAssetVersions(db: Queryable, request: ListRequest): Promise<ListPage<AssetVersionRow>> {
  return readList(db, SOURCE, request);
}
