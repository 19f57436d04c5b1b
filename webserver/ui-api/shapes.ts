/** Rows as the pages read them (types.ts). */
import type { TaskSpec } from '#core/dag-spec.ts';
import type { DagRow } from '#platform/db/queries/api/dag-row.ts';
import type { DagRunRow } from '#platform/db/queries/api/dag-run-row.ts';
import type { TaskInstanceRow } from '#platform/db/queries/api/task-instance-row.ts';
import { iso } from '../http/iso.ts';
import type { UiDagCard, UiInstance, UiRunSummary, UiTaskNode } from './types.ts';

export function uiRun(row: DagRunRow): UiRunSummary {
  return {
    runId: row.run_id,
    dagId: row.dag_id,
    state: row.state,
    runType: row.run_type,
    logicalDate: iso(row.logical_date),
    dataIntervalStart: iso(row.data_interval_start),
    dataIntervalEnd: iso(row.data_interval_end),
    runAfter: iso(row.run_after),
    queuedAt: iso(row.queued_at),
    startedAt: iso(row.started_at),
    endedAt: iso(row.ended_at),
    triggeredBy: row.triggered_by,
    triggeringUser: row.triggering_user,
    versionNumber: row.version_number,
    note: row.note,
    reason: row.reason,
  };
}

export function uiDagCard(row: DagRow, recentRuns: readonly DagRunRow[]): UiDagCard {
  const { head } = row;
  return {
    dagId: row.dag_id,
    description: head.description,
    tags: head.tags,
    owner: head.owner,
    scheduleSummary: head.scheduleSummary,
    isPaused: row.is_paused,
    hasImportErrors: row.has_import_errors,
    filePath: row.file_path,
    nextRunAfter: row.is_paused || row.is_stale ? null : iso(row.next_run_after),
    taskCount: row.task_count,
    recentRuns: recentRuns.map(uiRun),
  };
}

/** What a page needs to know of a task. */
export type ShownTask = Pick<
  TaskSpec,
  'taskId' | 'kind' | 'operator' | 'groupId' | 'mapScope' | 'triggerRule' | 'upstream' | 'retries' | 'pool' | 'queue' | 'docMd'
>;

export function uiTask(task: ShownTask): UiTaskNode {
  return {
    taskId: task.taskId,
    kind: task.kind,
    operator: task.operator,
    groupId: task.groupId,
    isMapped: task.mapScope !== null,
    triggerRule: task.triggerRule,
    upstream: task.upstream,
    retries: task.retries,
    pool: task.pool,
    queue: task.queue,
    docMd: task.docMd,
  };
}

export function uiInstance(row: TaskInstanceRow): UiInstance {
  return {
    taskId: row.task_id,
    mapIndex: row.map_index,
    mapLabel: row.map_label,
    state: row.state,
    reason: row.reason,
    tryNumber: row.try_number,
    maxTries: row.max_tries,
    queuedAt: iso(row.queued_at),
    startedAt: iso(row.started_at),
    endedAt: iso(row.ended_at),
    nextTryAt: iso(row.next_try_at),
    worker: row.worker_id,
    progress: row.progress,
  };
}
