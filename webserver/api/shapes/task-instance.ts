/** TaskInstanceResponse and TaskInstanceHistoryResponse. The state `none` is null in Airflow's API. */
import type { TaskInstanceState } from '#core/states.ts';
import type { AttemptRow } from '#platform/db/queries/api/list-attempts-of.ts';
import type { TaskInstanceRow } from '#platform/db/queries/api/task-instance-row.ts';
import { iso } from '../../http/iso.ts';
import { secondsBetween } from './dag-run.ts';
import { dagVersionShape } from './dag-version.ts';

export type ApiState = Exclude<TaskInstanceState, 'none'> | null;

export function apiState(state: TaskInstanceState): ApiState {
  return state === 'none' ? null : state;
}

function commonShape(row: TaskInstanceRow) {
  return {
    task_id: row.task_id,
    dag_id: row.dag_id,
    dag_run_id: row.run_id,
    map_index: row.map_index,
    max_tries: row.max_tries,
    task_display_name: row.task_id,
    dag_display_name: row.dag_id,
    pool: row.pool,
    pool_slots: row.pool_slots,
    queue: row.queue,
    priority_weight: row.priority_weight,
    operator: row.operator,
    operator_name: row.operator,
    executor: null,
    executor_config: '{}',
    dag_version: dagVersionShape(row),
    unixname: null,
  };
}

export function taskInstanceShape(row: TaskInstanceRow) {
  return {
    id: row.task_instance_id,
    ...commonShape(row),
    logical_date: iso(row.logical_date),
    run_after: iso(row.run_after),
    start_date: iso(row.started_at),
    end_date: iso(row.ended_at),
    duration: secondsBetween(row.started_at, row.ended_at),
    state: apiState(row.state),
    try_number: row.try_number,
    hostname: row.hostname,
    queued_when: iso(row.queued_at),
    scheduled_when: iso(row.scheduled_at),
    pid: row.pid,
    note: row.note,
    rendered_map_index: row.map_label ?? (row.map_index >= 0 ? String(row.map_index) : null),
    rendered_fields: {},
    trigger: null,
    triggerer_job: null,
  };
}

const STATE_OF_OUTCOME: Readonly<Record<string, ApiState>> = {
  success: 'success',
  failed: 'failed',
  skipped: 'skipped',
  lost: 'failed',
  killed: 'failed',
  deferred: 'deferred',
  rescheduled: 'up_for_reschedule',
  handed_back: null,
};

/** One try: the newest attempt of that number. `attempt` null = the instance has not been tried yet. */
export function taskInstanceHistoryShape(row: TaskInstanceRow, attempt: AttemptRow | null) {
  const isCurrent = attempt === null || (attempt.try_number === row.try_number && (attempt.outcome === null || row.ended_at !== null));
  const start = attempt ? (attempt.body_started_at ?? attempt.claimed_at) : row.started_at;
  const end = attempt ? attempt.ended_at : row.ended_at;
  return {
    ...commonShape(row),
    start_date: iso(start),
    end_date: iso(end),
    duration: secondsBetween(start, end),
    state: isCurrent || attempt?.outcome == null ? apiState(row.state) : (STATE_OF_OUTCOME[attempt.outcome] ?? null),
    try_number: attempt?.try_number ?? row.try_number,
    hostname: attempt?.hostname ?? null,
    queued_when: isCurrent ? iso(row.queued_at) : null,
    scheduled_when: isCurrent ? iso(row.scheduled_at) : null,
    pid: attempt?.pid ?? null,
  };
}

/** The newest attempt of each try, oldest try first. Attempts come oldest first. */
export function newestAttemptOfEachTry(attempts: readonly AttemptRow[]): readonly AttemptRow[] {
  return [...new Map(attempts.map((attempt) => [attempt.try_number, attempt])).values()].sort((a, b) => a.try_number - b.try_number);
}
