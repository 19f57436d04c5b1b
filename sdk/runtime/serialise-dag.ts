/** Turns a definition into the plain JSON that the rest of Windlass knows of a DAG. */

import { topologicalOrder } from '#core/dag-graph.ts';
import { DAG_DEFAULTS, type DagSpec, type MapScope, SPEC_VERSION, type TaskSpec } from '#core/dag-spec.ts';
import { AppError } from '#core/errors.ts';
import { namesOf } from '../callback-options.ts';
import { triggerRuleOf } from '../check-control-flow.ts';
import { deadlineSpec } from '../deadline.ts';
import type { DagDefinition, MapScopeDefinition, TaskDefinition } from '../definition.ts';

import { jsonSchemaOf, type StandardSchemaV1, validateAtOnce } from '../standard-schema.ts';
import { startWaitOf } from './deferral.ts';
import { serialiseOutput } from './run-output.ts';
import { serialiseAssets, serialiseUses } from './serialise-assets.ts';
import { serialiseList } from './serialise-list.ts';

/** Throws DAG_INVALID when the params are no object schema or the definition comes from a newer sdk. */
export function serialiseDag(dag: DagDefinition): DagSpec {
  const { settings } = dag;
  const order = topologicalOrder(new Map([...dag.tasks.values()].map((task) => [task.id, task.upstream])));
  if (order === null) throw new AppError('DAG_INVALID', `DAG "${dag.id}" has a cycle.`);
  const params = readParams(dag.id, dag.params);
  if (settings.schedule.spec.kind !== 'none') refuseParamsWithoutDefaults(dag);
  return {
    specVersion: SPEC_VERSION,
    dagId: dag.id,
    ...settings.looks,
    description: settings.description,
    docMd: settings.docMd,
    owner: settings.owner ?? DAG_DEFAULTS.owner,
    tags: settings.tags,
    schedule: settings.schedule.spec,
    scheduleSummary: settings.schedule.summary,
    startDate: settings.startDate,
    endDate: settings.endDate,
    catchup: settings.catchup,
    ...(settings.runImmediately !== false && { runImmediately: settings.runImmediately }),
    ...serialiseAssets(dag),
    maxActiveRuns: settings.maxActiveRuns,
    maxActiveTasks: settings.maxActiveTasks,
    dagrunTimeoutMs: settings.dagrunTimeoutMs,
    maxConsecutiveFailedDagRuns: settings.maxConsecutiveFailedDagRuns,
    failFast: settings.failFast,
    isPausedUponCreation: settings.isPausedUponCreation,
    ...(settings.allowedRunTypes && { allowedRunTypes: settings.allowedRunTypes }),
    ...(settings.disableBundleVersioning && { disableBundleVersioning: true }),
    paramsSchema: params.schema,
    paramsDefaults: params.defaults,
    ...(params.order.length > 1 && { paramsOrder: params.order }),
    groups: dag.groups.map((group) => ({
      groupId: group.id,
      parentId: group.parentId,
      docMd: group.docMd,
      collapsed: group.collapsed,
      ...group.looks,
    })),
    ...serialiseOutput(dag.output),
    mapScopes: dag.mapScopes.map(serialiseScope),
    ...(dag.edgeLabels !== undefined && { edgeLabels: dag.edgeLabels }),
    ...optionalPart('callbacks', namesOf(settings.callbacks)),
    ...(settings.deadlines?.length ? { deadlines: settings.deadlines.map(deadlineSpec) } : {}),
    tasks: order.map((id) => serialiseTask(dag, dag.tasks.get(id) as TaskDefinition)),
  };
}

function serialiseTask(dag: DagDefinition, task: TaskDefinition): TaskSpec {
  const { settings } = task;
  const wait = startWaitOf(dag, task);
  return {
    taskId: task.id,
    kind: task.kind,
    operator: task.operator,
    ...optionalPart('block', task.block ?? null),
    groupId: task.groupId,
    mapScope: task.mapScope,
    upstream: task.upstream,
    reads: task.reads,
    triggerRule: triggerRuleOf(task),
    retries: settings.retries,
    retryDelayMs: settings.retryDelayMs,
    retryExponentialBackoff: settings.retryExponentialBackoff,
    maxRetryDelayMs: settings.maxRetryDelayMs,
    executionTimeoutMs: settings.executionTimeoutMs,
    queue: settings.queue,
    pool: settings.pool,
    poolSlots: settings.poolSlots,
    priorityWeight: settings.priorityWeight,
    ...optionalPart('weightRule', settings.weightRule === 'downstream' ? null : (settings.weightRule ?? null)),
    ...optionalPart('startDate', settings.startDate ?? null),
    ...optionalPart('endDate', settings.endDate ?? null),
    // Waiting for the previous run's downstream implies waiting for the previous run.
    dependsOnPast: settings.dependsOnPast || settings.waitForDownstream,
    waitForDownstream: settings.waitForDownstream,
    // Written down only where they differ from the default, so that other tasks keep their version.
    ...(settings.ignoreFirstDependsOnPast === false && { ignoreFirstDependsOnPast: false }),
    ...(settings.waitForPastDependsBeforeSkipping && { waitForPastDependsBeforeSkipping: true }),
    ...(task.isSetup && { isSetup: true }),
    ...(task.isTeardown && { isTeardown: true }),
    ...(task.onFailureFailDagrun && { onFailureFailDagrun: true }),
    ...(task.ignoreDownstreamTriggerRules === false && { ignoreDownstreamTriggerRules: false }),
    maxActiveTisPerDag: settings.maxActiveTisPerDag,
    maxActiveTisPerDagrun: settings.maxActiveTisPerDagrun,
    branchCases: task.branchCases,
    sensor: task.sensor,
    ...(wait === null ? {} : { wait }),
    ...(task.trigger === undefined ? {} : { triggers: { dagId: task.trigger.dagId, wait: task.trigger.wait } }),
    docMd: settings.docMd,
    ...settings.looks,
    ...(settings.params && { params: settings.params }),
    checks: settings.checks.map((check) => check.name),
    ...optionalPart('callbacks', namesOf(settings.callbacks)),
    ...serialiseUses('outlets', settings.outlets),
    ...serialiseUses('inlets', settings.inlets ?? []),
    ...optionalPart('externalTaskMarkers', settings.externalTaskMarkers ?? null),
  };
}

function optionalPart<K extends string, T>(key: K, value: T | null): Partial<Record<K, T>> {
  return value === null ? {} : ({ [key]: value } as Record<K, T>);
}

function serialiseScope(scope: MapScopeDefinition): MapScope {
  return { scopeId: scope.id, over: serialiseList(scope.over), maxActive: scope.maxActive, tolerate: scope.tolerate };
}

interface ParamsOfDag {
  readonly schema: Readonly<Record<string, unknown>> | null;
  readonly defaults: Readonly<Record<string, unknown>>;
  readonly order: readonly string[];
}

function readParams(dagId: string, schema: StandardSchemaV1 | null): ParamsOfDag {
  if (schema === null) return { schema: null, defaults: {}, order: [] };
  const json = jsonSchemaOf(schema);
  if (json === null) return { schema: null, defaults: plainObject(valueOfEmpty(schema)), order: [] };
  if (json['type'] !== undefined && json['type'] !== 'object')
    throw new AppError(
      'DAG_INVALID',
      `The params of DAG "${dagId}" must be a schema of an object, but it describes ${JSON.stringify(json['type'])}. Use z.object({ ... }).`,
    );
  const properties = (json['properties'] ?? {}) as Readonly<Record<string, { readonly default?: unknown }>>;
  const declared = Object.entries(properties).filter(([, property]) => property?.default !== undefined);
  const defaults = Object.fromEntries(declared.map(([name, property]) => [name, property.default]));
  return { schema: json, defaults, order: Object.keys(properties) };
}

/** Nobody gives params to a scheduled run. */
function refuseParamsWithoutDefaults(dag: DagDefinition): void {
  const checked = dag.params === null ? null : validateAtOnce(dag.params, {});
  if (checked === null || checked.ok) return;
  throw new AppError(
    'DAG_INVALID',
    `DAG "${dag.id}" has a schedule, so its params need defaults that fit its schema: ${checked.problems.join('; ')}. Add .default(...), or remove the schedule.`,
  );
}

/** What the schema makes of an empty object; undefined when something is required. */
function valueOfEmpty(schema: StandardSchemaV1): unknown {
  const result = validateAtOnce(schema, {});
  return result?.ok ? result.value : undefined;
}

function plainObject(value: unknown): Readonly<Record<string, unknown>> {
  try {
    const plain: unknown = JSON.parse(JSON.stringify(value ?? {}));
    return typeof plain === 'object' && plain !== null && !Array.isArray(plain) ? (plain as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
