/** A task instance with its run and the place its newest attempt ran, as the REST API reads it. */
import type { TaskInstanceState } from '#core/states.ts';

export interface TaskInstanceRow {
  readonly task_instance_id: string;
  readonly dag_run_id: string;
  readonly task_id: string;
  readonly map_index: number;
  readonly state: TaskInstanceState;
  readonly reason: string | null;
  readonly try_number: number;
  readonly max_tries: number;
  readonly operator: string;
  readonly queue: string;
  readonly pool: string;
  readonly pool_slots: number;
  readonly priority_weight: number;
  readonly scheduled_at: Date | null;
  readonly queued_at: Date | null;
  readonly started_at: Date | null;
  readonly ended_at: Date | null;
  readonly next_try_at: Date | null;
  readonly map_label: string | null;
  readonly progress: { readonly done: number; readonly total: number; readonly note?: string } | null;
  readonly note: string | null;
  readonly note_user: string | null;
  readonly note_at: Date | null;
  readonly dag_id: string;
  readonly run_id: string;
  readonly logical_date: Date | null;
  readonly run_after: Date;
  readonly version_id: string;
  readonly version_number: number;
  readonly version_created_at: Date;
  readonly bundle_name: string;
  /** Commit of a git bundle. */
  readonly bundle_version: string | null;
  readonly hostname: string | null;
  readonly worker_id: string | null;
  readonly pid: number | null;
}

export const TASK_INSTANCE_COLUMNS = `ti.task_instance_id, ti.dag_run_id, ti.task_id, ti.map_index, ti.state, ti.reason, ti.try_number, ti.max_tries,
  ti.operator, ti.queue, ti.pool, ti.pool_slots, ti.priority_weight, ti.scheduled_at, ti.queued_at, ti.started_at, ti.ended_at, ti.next_try_at,
  ti.map_label, ti.progress, ti.note, ti.note_user, ti.note_at, r.dag_id, r.run_id, r.logical_date, r.run_after,
  v.version_id, v.version_number, v.created_at as version_created_at, v.bundle_name, v.bundle_version, a.hostname, a.worker_id, a.pid`;

export const TASK_INSTANCE_FROM = `task_instance ti join dag_run r using (dag_run_id) join dag_version v on v.version_id = r.version_id
  left join lateral (select hostname, worker_id, pid from task_attempt ta where ta.task_instance_id = ti.task_instance_id
                      order by ta.lease_epoch desc limit 1) a on true`;
