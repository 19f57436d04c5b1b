/**
 * Checks a spec that arrives from the caged child: a stranger's words until they pass here. Shape, types, ids,
 * limits and the graph; unknown keys and prototype keys are refused. Returns the problems in words.
 */

import { isAliasDefinitions, isAssetDefinitions, isAssetSchedule, isAssetUses, isTickPartition } from './assets/validate-assets.ts';
import { BLOCK_KINDS } from './block.ts';
import { CALLBACK_KINDS, CALLBACK_LIMITS } from './callbacks.ts';
import { findCycle } from './dag-graph.ts';
import { CSS_COLOUR, type DagSpec, SPEC_LIMITS, SPEC_VERSION } from './dag-spec.ts';
import { DEADLINE_LIMITS } from './deadline.ts';
import { MARKER_LIMITS } from './external-task-markers.ts';
import { DAG_RUN_TYPES, isKey } from './ids.ts';
import { leavesOf } from './mapping/list-expression.ts';
import { isStorableJson } from './storable.ts';
import { isTriggerRule } from './trigger-rules.ts';
import { isWaitPlan } from './waiting/plan.ts';

type Check = (value: unknown) => boolean;
/** A key that ends in "?" may be absent. */
type Shape = Readonly<Record<string, Check>>;

const isText: Check = (value) => typeof value === 'string';
const isBool: Check = (value) => typeof value === 'boolean';
const isCount: Check = (value) => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
const isInt: Check = (value) => typeof value === 'number' && Number.isSafeInteger(value);
const isMs: Check = (value) => typeof value === 'number' && Number.isFinite(value) && value >= 0;
const isRecord: Check = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
const isTexts: Check = (value) => Array.isArray(value) && value.every(isText);
const isKeys: Check = (value) => Array.isArray(value) && value.every(isKey);
const isInstant: Check = (value) => typeof value === 'string' && !Number.isNaN(Date.parse(value));
const orNull =
  (check: Check): Check =>
  (value) =>
    value === null || check(value);
const oneOf =
  (...words: readonly string[]): Check =>
  (value) =>
    words.includes(value as string);

const isList =
  (check: Check, max: number): Check =>
  (value) =>
    Array.isArray(value) && value.length > 0 && value.length <= max && value.every(check);

const isColour: Check = (value) => typeof value === 'string' && CSS_COLOUR.test(value);
const isLink: Check = (value) => typeof value === 'string' && /^(https?:\/\/|mailto:)\S+$/i.test(value);
const LOOKS: Shape = { 'displayName?': isText, 'uiColor?': isColour, 'uiFgcolor?': isColour };
const DOC: Shape = { format: oneOf('text', 'json', 'yaml', 'rst'), text: isText };

/** 'start': a run is named by the start of its interval. */
const NAMED = { 'logicalDate?': oneOf('start') };
const CRON_CHOICES = { ...NAMED, 'intervalMs?': isMs, 'partition?': isTickPartition };

const SCHEDULES: Readonly<Record<string, Shape>> = {
  none: {},
  once: {},
  continuous: {},
  cron: { expression: isText, timezone: isText, ...CRON_CHOICES },
  crons: { expressions: isList(isText, SPEC_LIMITS.cronsPerSchedule), timezone: isText, ...CRON_CHOICES },
  delta: { everyMs: (value) => isMs(value) && (value as number) > 0, ...NAMED },
  calendar: { months: isCount, days: isCount, timezone: isText, ...NAMED },
  events: { instants: isList(isInstant, SPEC_LIMITS.eventsPerSchedule) },
  custom: { name: isText, args: () => true },
};

const EDGE_LABEL: Shape = { from: isKey, to: isKey, text: isText };
const isNames = isList((name) => isText(name) && (name as string).length <= CALLBACK_LIMITS.nameChars, CALLBACK_LIMITS.perOption);
const isCallbacks: Check = (value) =>
  isRecord(value) &&
  misfits(Object.fromEntries(CALLBACK_KINDS.map((kind) => [`${kind}?`, isNames])), value as Record<string, unknown>).length === 0;

const REFERENCES: Readonly<Record<string, Shape>> = {
  queued_at: {},
  logical_date: {},
  fixed: { at: isInstant },
  average_runtime: { maxRuns: isCount, minRuns: isCount },
};
const DEADLINE: Shape = {
  name: isText,
  reference: (value) => isVariant(REFERENCES, value),
  withinMs: isInt,
  callbacks: (value) => (Array.isArray(value) && value.length === 0) || isNames(value),
};

const DAG: Shape = {
  specVersion: (value) => value === SPEC_VERSION,
  dagId: isKey,
  'displayName?': isText,
  'ownerLinks?': (value) => isRecord(value) && Object.values(value as object).every(isLink),
  description: orNull(isText),
  docMd: orNull(isText),
  owner: isText,
  tags: isTexts,
  schedule: (value) => isVariant(SCHEDULES, value),
  scheduleSummary: isText,
  startDate: orNull(isInstant),
  endDate: orNull(isInstant),
  catchup: (value) => isBool(value) || value === 'none',
  'runImmediately?': (value) => isBool(value) || isMs(value),
  'assetSchedule?': isAssetSchedule,
  'assets?': isAssetDefinitions,
  'assetAliases?': isAliasDefinitions,
  maxActiveRuns: isCount,
  maxActiveTasks: isCount,
  dagrunTimeoutMs: orNull(isMs),
  maxConsecutiveFailedDagRuns: isCount,
  failFast: isBool,
  isPausedUponCreation: orNull(isBool),
  'allowedRunTypes?': (value) => Array.isArray(value) && value.length > 0 && value.every(oneOf(...DAG_RUN_TYPES)),
  'disableBundleVersioning?': isBool,
  paramsSchema: orNull(isRecord),
  paramsDefaults: isRecord,
  'output?': isRecord,
  'paramsOrder?': isTexts,
  groups: Array.isArray,
  mapScopes: Array.isArray,
  'edgeLabels?': (value) => Array.isArray(value) && value.every((entry) => isRecord(entry) && misfits(EDGE_LABEL, entry).length === 0),
  'callbacks?': isCallbacks,
  'deadlines?': isList(
    (value) => isRecord(value) && misfits(DEADLINE, value as Record<string, unknown>).length === 0,
    DEADLINE_LIMITS.perDag,
  ),
  tasks: Array.isArray,
};

const SENSOR: Shape = {
  everyMs: isMs,
  timeoutMs: isMs,
  onTimeout: oneOf('fail', 'skip'),
  backoff: isMs,
  'maxWaitMs?': isMs,
  'mode?': oneOf('poke'),
  'softFail?': isBool,
  'neverFail?': isBool,
  'silentFail?': isBool,
};

const MARKER: Shape = {
  dagId: isKey,
  taskId: isKey,
  'deltaMs?': isMs,
  'recursionDepth?': (value) => isCount(value) && (value as number) >= 1 && (value as number) <= MARKER_LIMITS.recursionDepth,
};

const TASK: Shape = {
  ...LOOKS,
  'owner?': isText,
  'docs?': (value) => Array.isArray(value) && value.every((entry) => isRecord(entry) && misfits(DOC, entry).length === 0),
  taskId: isKey,
  kind: oneOf('task', 'branch', 'gate', 'sensor', 'empty'),
  operator: isText,
  'block?': oneOf(...BLOCK_KINDS),
  groupId: orNull(isKey),
  mapScope: orNull(isKey),
  upstream: isKeys,
  reads: isKeys,
  triggerRule: isTriggerRule,
  retries: isCount,
  retryDelayMs: isMs,
  retryExponentialBackoff: isMs,
  maxRetryDelayMs: orNull(isMs),
  executionTimeoutMs: orNull(isMs),
  queue: isKey,
  pool: isKey,
  poolSlots: (value) => isCount(value) && (value as number) >= 1,
  priorityWeight: isInt,
  'ownPriorityWeight?': isInt,
  'weightRule?': isKey,
  'startDate?': isInstant,
  'endDate?': isInstant,
  dependsOnPast: isBool,
  waitForDownstream: isBool,
  'ignoreFirstDependsOnPast?': isBool,
  'waitForPastDependsBeforeSkipping?': isBool,
  'isSetup?': isBool,
  'isTeardown?': isBool,
  'onFailureFailDagrun?': isBool,
  'ignoreDownstreamTriggerRules?': isBool,
  maxActiveTisPerDag: orNull(isCount),
  maxActiveTisPerDagrun: orNull(isCount),
  branchCases: orNull((value) => isRecord(value) && Object.values(value as object).every(isKeys)),
  sensor: orNull((value) => isRecord(value) && misfits(SENSOR, value as Record<string, unknown>).length === 0),
  'triggers?': (value) => isRecord(value) && misfits({ dagId: isKey, wait: isBool }, value as Record<string, unknown>).length === 0,
  'wait?': isWaitPlan,
  docMd: orNull(isText),
  'params?': isRecord,
  checks: isTexts,
  'callbacks?': isCallbacks,
  'outlets?': isAssetUses,
  'inlets?': isAssetUses,
  'externalTaskMarkers?': isList(
    (value) => isRecord(value) && misfits(MARKER, value as Record<string, unknown>).length === 0,
    MARKER_LIMITS.perTask,
  ),
};

const GROUP: Shape = { ...LOOKS, 'tooltip?': isText, groupId: isKey, parentId: orNull(isKey), docMd: orNull(isText), collapsed: isBool };
const LIST_SOURCE: Shape = {
  from: oneOf('task', 'params', 'results', 'literal'),
  taskId: isText,
  path: isTexts,
  'length?': (value) => isCount(value) && (value as number) <= SPEC_LIMITS.mappedInstances,
};
const LIST_OPERATION: Shape = {
  op: oneOf('zip', 'cross', 'concat'),
  parts: (value) => Array.isArray(value) && value.length <= SPEC_LIMITS.partsPerList,
  'fill?': (value) => value === true,
};
const LIST_DEPTH_MAX = 16;

function isListExpression(value: unknown, depth = 0): boolean {
  if (!isRecord(value) || depth > LIST_DEPTH_MAX) return false;
  const fields = value as Record<string, unknown>;
  if (!Object.hasOwn(fields, 'op')) return misfits(LIST_SOURCE, fields).length === 0;
  return misfits(LIST_OPERATION, fields).length === 0 && (fields['parts'] as unknown[]).every((part) => isListExpression(part, depth + 1));
}

const SCOPE: Shape = {
  scopeId: isKey,
  over: (value) => isListExpression(value),
  maxActive: orNull(isCount),
  tolerate: isMs,
};

const PROBLEMS_MAX = 5;

/** Parses the text of a spec. Returns the spec, or what is wrong with it. */
export function parseSpec(text: string): { readonly spec: DagSpec } | { readonly problems: readonly string[] } {
  if (text.length > SPEC_LIMITS.specBytes)
    return { problems: [`the DAG is larger than ${SPEC_LIMITS.specBytes / 1024 / 1024} MiB when serialised`] };
  let value: unknown;
  try {
    value = JSON.parse(text, (key, inner) => {
      if (key === '__proto__') throw new Error('the key __proto__ is not allowed');
      return inner;
    });
  } catch (error) {
    return { problems: [`the DAG is no valid JSON: ${(error as Error).message}`] };
  }
  if (!isStorableJson(text))
    return {
      problems: [
        'a text of the DAG holds the character U+0000 or half of a surrogate pair, which Postgres cannot store. Remove it, or encode binary data, for example as base64',
      ],
    };
  const problems = validateSpec(value);
  return problems.length > 0 ? { problems } : { spec: value as DagSpec };
}

/** Returns what is wrong with a spec, at most a few sentences; empty = nothing. */
export function validateSpec(value: unknown): readonly string[] {
  if (!isRecord(value)) return ['the DAG is no object'];
  const spec = value as DagSpec;
  const shape = [...misfits(DAG, value as Record<string, unknown>).map((key) => `${key} is missing or not of the right kind`)];
  if (shape.length > 0) return shape.slice(0, PROBLEMS_MAX);
  const parts: readonly (readonly [string, Shape, readonly unknown[]])[] = [
    ['tasks', TASK, spec.tasks],
    ['groups', GROUP, spec.groups],
    ['mapScopes', SCOPE, spec.mapScopes],
  ];
  for (const [name, partShape, list] of parts)
    list.forEach((entry, index) => {
      const wrong = isRecord(entry) ? misfits(partShape, entry as Record<string, unknown>) : ['it'];
      if (wrong.length > 0) shape.push(`${name}[${index}]: ${wrong.join(', ')} is missing or not of the right kind`);
    });
  return shape.length > 0 ? shape.slice(0, PROBLEMS_MAX) : graphProblems(spec);
}

function graphProblems(spec: DagSpec): readonly string[] {
  const problems: string[] = [];
  const ids = new Set(spec.tasks.map((task) => task.taskId));
  const groups = new Set(spec.groups.map((group) => group.groupId));
  const scopes = new Set(spec.mapScopes.map((scope) => scope.scopeId));
  if (ids.size < spec.tasks.length) problems.push('two tasks have the same id');
  if (ids.size > SPEC_LIMITS.tasksPerDag) problems.push(`${ids.size} tasks are more than the ${SPEC_LIMITS.tasksPerDag} a DAG may have`);
  let edges = 0;
  for (const task of spec.tasks) {
    edges += task.upstream.length;
    const upstream = new Set(task.upstream);
    for (const id of task.upstream) if (!ids.has(id)) problems.push(`task ${task.taskId} waits for ${id}, which is no task of this DAG`);
    for (const id of task.reads) if (!upstream.has(id)) problems.push(`task ${task.taskId} reads ${id} without waiting for it`);
    if (task.isSetup && task.isTeardown) problems.push(`task ${task.taskId} is both a setup and a teardown`);
    if (task.groupId !== null && !groups.has(task.groupId))
      problems.push(`task ${task.taskId} is in the group ${task.groupId}, which does not exist`);
    if (task.mapScope !== null && !scopes.has(task.mapScope))
      problems.push(`task ${task.taskId} is in the map ${task.mapScope}, which does not exist`);
  }
  for (const { scopeId, over } of spec.mapScopes)
    for (const { from, taskId } of leavesOf(over))
      if ((from === 'task' || from === 'results') && !ids.has(taskId))
        problems.push(`map ${scopeId} runs over the result of ${taskId}, which is no task of this DAG`);
  if (edges > SPEC_LIMITS.edgesPerDag) problems.push(`${edges} edges are more than the ${SPEC_LIMITS.edgesPerDag} a DAG may have`);
  if (problems.length > 0) return problems.slice(0, PROBLEMS_MAX);
  const cycle = findCycle(new Map(spec.tasks.map((task) => [task.taskId, task.upstream])));
  return cycle === null ? [] : [`the tasks form a cycle: ${cycle.join(' > ')}`];
}

/** One of several shapes, told apart by `kind`. */
function isVariant(variants: Readonly<Record<string, Shape>>, value: unknown): boolean {
  const kind = isRecord(value) ? (value as { kind?: unknown }).kind : undefined;
  const shape = typeof kind === 'string' && Object.hasOwn(variants, kind) ? variants[kind] : undefined;
  return shape !== undefined && misfits({ kind: isText, ...shape }, value as Record<string, unknown>).length === 0;
}

/** Keys that are missing, of the wrong kind, or not known. */
function misfits(shape: Shape, value: Readonly<Record<string, unknown>>): readonly string[] {
  const wrong = Object.entries(shape).flatMap(([name, check]) => {
    const key = name.replace(/\?$/, '');
    const fits = Object.hasOwn(value, key) ? check(value[key]) : key !== name;
    return fits ? [] : [key];
  });
  const unknown = Object.keys(value).filter((key) => !Object.hasOwn(shape, key) && !Object.hasOwn(shape, `${key}?`));
  return [...wrong, ...unknown.map((key) => `unknown ${key}`)];
}
