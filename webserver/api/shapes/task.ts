/** TaskResponse. What only exists in Python (template fields, colours, classes) is null or empty. */
import type { DagSpec, TaskSpec } from '#core/dag-spec.ts';

const DAY_MS = 86_400_000;

export function taskShape(task: TaskSpec, spec: DagSpec, downstream: readonly string[]) {
  return {
    task_id: task.taskId,
    task_display_name: task.displayName ?? task.taskId,
    owner: task.owner ?? spec.owner,
    start_date: spec.startDate === null ? null : new Date(spec.startDate).toISOString(),
    end_date: spec.endDate === null ? null : new Date(spec.endDate).toISOString(),
    trigger_rule: task.triggerRule,
    depends_on_past: task.dependsOnPast,
    wait_for_downstream: task.waitForDownstream,
    retries: task.retries,
    queue: task.queue,
    pool: task.pool,
    pool_slots: task.poolSlots,
    execution_timeout: task.executionTimeoutMs === null ? null : timeDelta(task.executionTimeoutMs),
    retry_delay: timeDelta(task.retryDelayMs),
    retry_exponential_backoff: task.retryExponentialBackoff,
    priority_weight: task.ownPriorityWeight ?? task.priorityWeight,
    weight_rule: task.weightRule ?? 'downstream',
    ui_color: task.uiColor ?? null,
    ui_fgcolor: task.uiFgcolor ?? null,
    template_fields: [],
    downstream_task_ids: downstream,
    doc_md: task.docMd,
    operator_name: task.operator,
    params: {},
    class_ref: { module_path: 'windlass', class_name: task.operator },
    is_mapped: task.mapScope !== null,
    extra_links: [],
  };
}

/** Airflow's TimeDelta object. */
export function timeDelta(milliseconds: number) {
  const days = Math.floor(milliseconds / DAY_MS);
  const rest = milliseconds - days * DAY_MS;
  const seconds = Math.floor(rest / 1000);
  return { __type: 'TimeDelta', days, seconds, microseconds: Math.round((rest - seconds * 1000) * 1000) };
}

/** task id -> ids of its direct downstream tasks, sorted. */
export function downstreamOf(tasks: readonly TaskSpec[]): ReadonlyMap<string, readonly string[]> {
  const downstream = new Map<string, string[]>(tasks.map((task) => [task.taskId, []]));
  for (const task of tasks) for (const upstream of task.upstream) downstream.get(upstream)?.push(task.taskId);
  for (const ids of downstream.values()) ids.sort();
  return downstream;
}
