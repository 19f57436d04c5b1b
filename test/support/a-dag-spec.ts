/** Factories of specs with Airflow's defaults: a test names only what it is about. */
import { DAG_DEFAULTS, type DagSpec, SPEC_VERSION, TASK_DEFAULTS, type TaskSpec } from '#core/dag-spec.ts';

export function aTask(taskId: string, change: Partial<TaskSpec> = {}): TaskSpec {
  return {
    taskId,
    kind: 'task',
    operator: 'task',
    groupId: null,
    mapScope: null,
    upstream: [],
    reads: [],
    triggerRule: TASK_DEFAULTS.triggerRule,
    retries: TASK_DEFAULTS.retries,
    retryDelayMs: TASK_DEFAULTS.retryDelayMs,
    retryExponentialBackoff: TASK_DEFAULTS.retryExponentialBackoff,
    maxRetryDelayMs: null,
    executionTimeoutMs: null,
    queue: TASK_DEFAULTS.queue,
    pool: TASK_DEFAULTS.pool,
    poolSlots: TASK_DEFAULTS.poolSlots,
    priorityWeight: TASK_DEFAULTS.priorityWeight,
    dependsOnPast: false,
    waitForDownstream: false,
    maxActiveTisPerDag: null,
    maxActiveTisPerDagrun: null,
    branchCases: null,
    sensor: null,
    docMd: null,
    checks: [],
    ...change,
  };
}

export function aDagSpec(dagId: string, tasks: readonly TaskSpec[], change: Partial<DagSpec> = {}): DagSpec {
  return {
    specVersion: SPEC_VERSION,
    dagId,
    description: null,
    docMd: null,
    owner: DAG_DEFAULTS.owner,
    tags: [],
    schedule: { kind: 'none' },
    scheduleSummary: 'never, externally triggered',
    startDate: null,
    endDate: null,
    catchup: DAG_DEFAULTS.catchup,
    maxActiveRuns: DAG_DEFAULTS.maxActiveRuns,
    maxActiveTasks: DAG_DEFAULTS.maxActiveTasks,
    dagrunTimeoutMs: null,
    maxConsecutiveFailedDagRuns: 0,
    failFast: false,
    isPausedUponCreation: false,
    paramsSchema: null,
    paramsDefaults: {},
    groups: [],
    mapScopes: [],
    tasks,
    ...change,
  };
}
