/** A DAG run with the number of its version, as the REST API and the pages read it. */
import type { DagRunState } from '#core/states.ts';

export interface DagRunRow {
  readonly dag_run_id: string;
  readonly dag_id: string;
  readonly run_id: string;
  readonly run_type: string;
  readonly state: DagRunState;
  readonly logical_date: Date | null;
  readonly data_interval_start: Date | null;
  readonly data_interval_end: Date | null;
  readonly run_after: Date;
  readonly conf: unknown;
  readonly note: string | null;
  /** Who wrote it; null for the note a run was triggered with. */
  readonly note_user: string | null;
  readonly note_at: Date | null;
  readonly triggered_by: string;
  readonly triggering_user: string | null;
  readonly queued_at: Date;
  readonly started_at: Date | null;
  readonly ended_at: Date | null;
  readonly reason: string | null;
  readonly partition_key: string | null;
  readonly version_id: string;
  readonly version_number: number;
  readonly version_created_at: Date;
  readonly bundle_name: string;
  /** Commit of a git bundle. */
  readonly bundle_version: string | null;
}

export const DAG_RUN_COLUMNS = `r.dag_run_id, r.dag_id, r.run_id, r.run_type, r.state, r.logical_date, r.data_interval_start, r.data_interval_end,
  r.run_after, r.conf, r.note, r.note_user, r.note_at, r.triggered_by, r.triggering_user, r.queued_at, r.started_at, r.ended_at, r.reason, r.partition_key,
  v.version_id, v.version_number, v.created_at as version_created_at, v.bundle_name, v.bundle_version`;

export const DAG_RUN_FROM = 'dag_run r join dag_version v on v.version_id = r.version_id';
