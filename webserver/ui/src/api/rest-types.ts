/** What this app reads of the public REST API (Airflow's REST v2 field names). */
import type { DagRunState } from '#core/states.ts';

export interface RestDagRun {
  readonly dag_run_id: string;
  readonly dag_id: string;
  readonly logical_date: string | null;
  readonly run_after: string;
  readonly queued_at: string | null;
  readonly start_date: string | null;
  readonly end_date: string | null;
  readonly run_type: string;
  readonly state: DagRunState;
  readonly triggered_by: string | null;
  readonly triggering_user_name: string | null;
  readonly note: string | null;
  readonly partition_key: string | null;
}

export interface RestDagRunPage {
  readonly dag_runs: readonly RestDagRun[];
  readonly total_entries: number;
}

export interface RestColumnChange {
  readonly column: string;
  readonly kind: 'added' | 'removed' | 'type' | 'nullable';
  readonly from: string | null;
  readonly to: string | null;
  readonly is_compatible: boolean;
}

export interface RestAssetVersion {
  readonly id: number;
  readonly timestamp: string;
  readonly partition_key: string | null;
  readonly source_dag_id: string;
  readonly source_run_id: string;
  readonly source_task_id: string;
  readonly source_map_index: number;
  readonly dag_version: number | null;
  readonly code_hash: string | null;
  readonly columns: readonly { readonly name: string; readonly type: string; readonly nullable: boolean }[] | null;
  readonly row_count: number | null;
  readonly bytes: number | null;
  readonly partitions: readonly string[] | null;
  readonly compared_with: number | null;
  readonly column_changes: readonly RestColumnChange[];
  readonly is_compatible: boolean;
}

export interface RestAssetLineage {
  readonly assets: readonly {
    readonly id: number;
    readonly name: string;
    readonly uri: string;
    readonly group: string;
    readonly is_active: boolean;
    /** Steps from the asset: negative = it is made of it. */
    readonly distance: number;
  }[];
  readonly edges: readonly {
    readonly upstream_id: number;
    readonly downstream_id: number;
    readonly dag_id: string;
    readonly task_id: string;
  }[];
  readonly is_whole: boolean;
}

export interface RestAssetVersionPage {
  readonly asset_versions: readonly RestAssetVersion[];
  readonly total_entries: number;
}

export interface RestAssetEvent {
  readonly id: number;
  readonly asset_id: number;
  readonly name: string | null;
  readonly uri: string | null;
  readonly extra: Readonly<Record<string, unknown>> | null;
  readonly source_dag_id: string | null;
  readonly source_run_id: string | null;
  readonly source_task_id: string | null;
  readonly source_map_index: number;
  readonly created_dagruns: readonly { readonly dag_id: string; readonly run_id: string; readonly state: DagRunState }[];
  readonly timestamp: string;
  readonly partition_key: string | null;
}

export interface RestAssetEventPage {
  readonly asset_events: readonly RestAssetEvent[];
  readonly total_entries: number;
}

export interface RestSpecChange {
  readonly kind: 'added' | 'removed' | 'changed';
  readonly text: string;
}

export interface RestVersionDiff {
  readonly changes: readonly RestSpecChange[];
  readonly has_new_code: boolean;
}

/** Body of POST /api/v2/dags/{dag_id}/dagRuns. */
export interface TriggerBody {
  readonly logical_date: string | null;
  readonly dag_run_id?: string;
  readonly conf?: unknown;
  readonly note?: string;
}

export interface RestInstance {
  readonly dag_id: string;
  readonly task_id: string;
  readonly dag_run_id: string;
  readonly map_index: number;
  readonly state: string | null;
}

export interface RestInstancePage {
  readonly task_instances: readonly RestInstance[];
  readonly total_entries: number;
}
