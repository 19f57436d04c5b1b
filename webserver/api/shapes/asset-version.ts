/** One version of an asset over REST, with what changed in its columns. */
import { diffColumns } from '#core/assets/schema-change.ts';
import type { AssetVersionRow } from '#platform/db/queries/assets/list-versions.ts';
import { iso } from '../../http/iso.ts';

export function assetVersionShape(row: AssetVersionRow) {
  const changes = row.columns === null || row.earlier_columns === null ? [] : diffColumns(row.earlier_columns, row.columns);
  return {
    id: row.version_id,
    asset_id: row.asset_id,
    asset_name: row.name,
    timestamp: iso(row.at),
    partition_key: row.partition_key,
    source_dag_id: row.dag_id,
    source_run_id: row.run_id,
    source_task_id: row.task_id,
    source_map_index: row.map_index,
    attempt_id: row.attempt_id,
    dag_version: row.dag_version,
    code_hash: row.code_hash,
    columns: row.columns,
    row_count: row.row_count,
    bytes: row.bytes,
    partitions: row.partitions,
    column_lineage: row.column_lineage,
    sample: row.sample,
    upstream: row.upstream,
    /** Of the newest version before it whose columns are known; null = there is none. */
    compared_with: row.earlier_id,
    column_changes: changes.map(({ column, kind, from, to, isCompatible }) => ({ column, kind, from, to, is_compatible: isCompatible })),
    is_compatible: changes.every((change) => change.isCompatible),
  };
}

export type AssetVersionShape = ReturnType<typeof assetVersionShape>;
