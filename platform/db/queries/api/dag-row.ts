/** A DAG with its current version, as the REST API and the pages read it; tasks stay behind, they can be many. */
import type { DagSpec } from '#core/dag-spec.ts';

export interface DagRow {
  readonly dag_id: string;
  readonly file_path: string;
  readonly is_paused: boolean;
  readonly is_stale: boolean;
  readonly has_import_errors: boolean;
  readonly next_logical_date: Date | null;
  readonly next_interval_start: Date | null;
  readonly next_interval_end: Date | null;
  readonly next_run_after: Date | null;
  readonly first_seen_at: Date;
  readonly last_parsed_at: Date;
  readonly last_parse_ms: number | null;
  readonly version_id: string;
  readonly version_number: number;
  readonly version_created_at: Date;
  readonly bundle_name: string;
  /** Commit of a git bundle. */
  readonly bundle_version: string | null;
  readonly head: Omit<DagSpec, 'tasks' | 'groups' | 'mapScopes'>;
  readonly task_count: number;
  readonly has_task_limits: boolean;
}

export const DAG_COLUMNS = `d.dag_id, d.file_path, d.is_paused, d.is_stale, d.has_import_errors, d.next_logical_date, d.next_interval_start,
  d.next_interval_end, d.next_run_after, d.first_seen_at, d.last_parsed_at, d.last_parse_ms, v.version_id, v.version_number,
  v.created_at as version_created_at, d.bundle_name, v.bundle_version, v.spec - '{tasks,groups,mapScopes}'::text[] as head, jsonb_array_length(v.spec -> 'tasks') as task_count,
  jsonb_path_exists(v.spec, '$.tasks[*] ? (@.maxActiveTisPerDag != null || @.maxActiveTisPerDagrun != null)') as has_task_limits`;

export const DAG_FROM = 'dag d join dag_version v on v.version_id = d.version_id';
