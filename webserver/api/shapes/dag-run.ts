/** DAGRunResponse. */
import type { DagRunRow } from '#platform/db/queries/api/dag-run-row.ts';
import { iso } from '../../http/iso.ts';
import { dagVersionShape } from './dag-version.ts';

export function dagRunShape(row: DagRunRow) {
  return {
    dag_run_id: row.run_id,
    dag_id: row.dag_id,
    logical_date: iso(row.logical_date),
    queued_at: iso(row.queued_at),
    start_date: iso(row.started_at),
    end_date: iso(row.ended_at),
    duration: secondsBetween(row.started_at, row.ended_at),
    data_interval_start: iso(row.data_interval_start),
    data_interval_end: iso(row.data_interval_end),
    run_after: iso(row.run_after),
    last_scheduling_decision: null,
    run_type: row.run_type,
    state: row.state,
    triggered_by: row.triggered_by,
    triggering_user_name: row.triggering_user,
    conf: row.conf,
    note: row.note,
    dag_versions: [dagVersionShape(row)],
    bundle_version: row.bundle_version,
    dag_display_name: row.dag_id,
    partition_key: row.partition_key,
  };
}

/** Null until both are known. */
export function secondsBetween(start: Date | null, end: Date | null): number | null {
  return start === null || end === null ? null : (end.getTime() - start.getTime()) / 1000;
}
