/** Rows as the pages read them (types.ts). */
import type { DagSpec, GroupSpec, TaskSpec } from '#core/dag-spec.ts';
import type { DagRow } from '#platform/db/queries/api/dag-row.ts';
import type { DagRunRow } from '#platform/db/queries/api/dag-run-row.ts';
import type { TaskInstanceRow } from '#platform/db/queries/api/task-instance-row.ts';
import type { WaitingOfDag } from '#platform/db/queries/assets/waiting-of-dags.ts';
import { iso } from '../http/iso.ts';
import { uiAssetWait } from './asset-wait.ts';
import type { UiDagCard, UiGroup, UiInstance, UiRunSummary, UiTaskNode } from './types.ts';

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
    noteBy: row.note_user,
    noteAt: iso(row.note_at),
    reason: row.reason,
    partitionKey: row.partition_key,
  };
}

export function uiDagCard(row: DagRow, recentRuns: readonly DagRunRow[], waiting: readonly WaitingOfDag[]): UiDagCard {
  const { head } = row;
  return {
    dagId: row.dag_id,
    displayName: head.displayName ?? row.dag_id,
    description: head.description,
    tags: head.tags,
    owner: head.owner,
    scheduleSummary: head.scheduleSummary,
    isPaused: row.is_paused,
    hasImportErrors: row.has_import_errors,
    filePath: row.file_path,
    nextRunAfter: row.is_paused || row.is_stale ? null : iso(row.next_run_after),
    taskCount: row.task_count,
    assetWait: uiAssetWait(head.assetSchedule, waiting),
    recentRuns: recentRuns.map(uiRun),
  };
}

/** What a page needs to know of a task. */
export type ShownTask = Pick<
  TaskSpec,
  'taskId' | 'kind' | 'operator' | 'groupId' | 'mapScope' | 'triggerRule' | 'upstream' | 'retries' | 'pool' | 'queue' | 'docMd'
> &
  Partial<Pick<TaskSpec, 'block' | 'checks' | 'isSetup' | 'isTeardown' | 'displayName' | 'owner' | 'uiColor' | 'uiFgcolor' | 'docs'>>;

/** The tasks of a DAG, with the words on the edges between them. */
export function uiTasks({ tasks, edgeLabels = [] }: Pick<DagSpec, 'tasks' | 'edgeLabels'>): readonly UiTaskNode[] {
  const labels = Map.groupBy(edgeLabels, (label) => label.to);
  return tasks.map((task) => {
    const own = labels.get(task.taskId);
    return own === undefined
      ? uiTask(task)
      : { ...uiTask(task), edgeLabels: Object.fromEntries(own.map(({ from, text }) => [from, text])) };
  });
}

export function uiGroup({ groupId, parentId, displayName, tooltip, uiColor, uiFgcolor }: GroupSpec): UiGroup {
  return {
    groupId,
    parentId,
    ...(displayName !== undefined && { displayName }),
    ...(tooltip !== undefined && { tooltip }),
    ...(uiColor !== undefined && { uiColor }),
    ...(uiFgcolor !== undefined && { uiFgcolor }),
  };
}

export function uiTask(task: ShownTask): UiTaskNode {
  const { displayName, owner, uiColor, uiFgcolor, docs } = task;
  return {
    ...(displayName !== undefined && { displayName }),
    ...(owner !== undefined && { owner }),
    ...(uiColor !== undefined && { uiColor }),
    ...(uiFgcolor !== undefined && { uiFgcolor }),
    ...(docs !== undefined && { docs }),
    taskId: task.taskId,
    kind: task.kind,
    operator: task.operator,
    ...(task.block !== undefined && { block: task.block }),
    ...(task.checks !== undefined && task.checks.length > 0 && { checks: task.checks }),
    groupId: task.groupId,
    isMapped: task.mapScope !== null,
    ...(task.isSetup && { role: 'setup' as const }),
    ...(task.isTeardown && { role: 'teardown' as const }),
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
