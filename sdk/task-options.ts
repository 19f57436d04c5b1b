/** Options of a task: the author's form (Airflow's names in camelCase), and the settings made from it. */

import { TASK_CALLBACK_OPTIONS } from '#core/callbacks.ts';
import { TASK_DEFAULTS } from '#core/dag-spec.ts';
import { installationDefaults } from '#core/default-args.ts';
import type { Duration } from '#core/duration.ts';
import { AppError } from '#core/errors.ts';
import type { ExternalTaskMarker } from '#core/external-task-markers.ts';
import { TRIGGER_RULES, type TriggerRule } from '#core/trigger-rules.ts';
import type { AssetLike } from './assets.ts';
import type { Callbacks } from './callback-event.ts';
import { BODY_HOOK_TABLE, type BodyHooks, type CallbackLists, readBodyHooks, readCallbacks } from './callback-options.ts';
import type { Ctx } from './context.ts';
import { type ExternalTaskMarkerOpts, readExternalTaskMarkers } from './external-task-markers.ts';
import { GROUP_LOOK_TABLE, readTaskLooks, TASK_LOOK_TABLE, type TaskLookOpts, type TaskLooks } from './looks.ts';
import * as read from './option-values.ts';
import { readAssetList } from './read-assets.ts';
import type { Node } from './ref.ts';
import { type RetryPolicy, readRetryPolicy } from './retry-policy.ts';
import { checkOptions, type OptionTable } from './unknown-option.ts';

// biome-ignore-start lint/suspicious/noExplicitAny: the defaults must accept options written for any task
export interface TaskOpts<Out = any, In = any> extends TaskLookOpts {
  /** Starts after these, without reading their results. */
  after?: Node | readonly Node[];
  retries?: number;
  retryDelay?: Duration;
  /** true = doubled each try; a number multiplies. */
  retryExponentialBackoff?: number | boolean;
  maxRetryDelay?: Duration;
  /** Which error deserves another try, and when: rules, a function, or a chain of these. */
  retryPolicy?: RetryPolicy;
  executionTimeout?: Duration;
  queue?: string;
  pool?: string | { readonly name: string; readonly slots: number };
  poolSlots?: number;
  priorityWeight?: number;
  /** What counts beside the own weight: 'downstream' (the default), 'upstream', 'absolute', or a plugin's priority strategy. */
  weightRule?: 'downstream' | 'upstream' | 'absolute' | (string & {});
  /** A run with an earlier logical date goes on without the task. */
  startDate?: Date | string;
  /** Likewise one with a later date. */
  endDate?: Date | string;
  triggerRule?: TriggerRule;
  dependsOnPast?: boolean;
  /** false: also the first instance the task ever has waits, until somebody marks it. */
  ignoreFirstDependsOnPast?: boolean;
  /** With dependsOnPast: not skipped before the past allows it, either. */
  waitForPastDependsBeforeSkipping?: boolean;
  waitForDownstream?: boolean;
  maxActiveTisPerDag?: number;
  maxActiveTisPerDagrun?: number;
  /** false skips the task; asked just before the body. */
  when?: (input: In) => boolean | Promise<boolean>;
  /** Run on the result; false or a text fails the try. */
  checks?: Record<string, (out: Out) => boolean | string | Promise<boolean | string>>;
  /** Assets its success updates; aliases for those that only the running task knows. */
  outlets?: AssetLike | readonly AssetLike[];
  /** Assets whose events the body reads with ctx.inletEvents. */
  inlets?: AssetLike | readonly AssetLike[];
  /** Tasks of other DAGs that are cleared with it, in the run of the same logical date, with all that follows them. */
  externalTaskMarkers?: ExternalTaskMarkerOpts | readonly ExternalTaskMarkerOpts[];
  /** false: the result is not kept, so no other task can read it. */
  /** Params of its own, over the DAG's defaults and under what the run was given. Plain JSON. */
  params?: Readonly<Record<string, unknown>>;
  doXcomPush?: boolean;
  /** The result is an object, and each of its keys is kept as an XCom of its own as well. */
  multipleOutputs?: boolean;
  /** Inputs in which `{{ … }}` written in the DAG file is rendered before the body, at any depth; [] = none. */
  templateFields?: readonly string[];
  /** Called after the end was written, at least once each, by a worker; a failure is tried again and never changes the task. */
  onSuccessCallback?: Callbacks;
  /** The last try failed, or its worker was lost. */
  onFailureCallback?: Callbacks;
  /** A try failed, and another follows. */
  onRetryCallback?: Callbacks;
  /** The task skipped itself; not called when a trigger rule skips it. */
  onSkippedCallback?: Callbacks;
  /** Called just before the body; a failure is only logged. */
  onExecuteCallback?: Callbacks;
  /** Part of the try: what it throws fails it. */
  preExecute?: Hooks<[ctx: Ctx<any>]>;
  postExecute?: Hooks<[ctx: Ctx<any>, result: Out]>;
  /** Called when the body is stopped (timeout, clear, mark, worker shutdown), within the grace before it is killed. */
  onKill?: Hooks<[ctx: Ctx<any>]>;
  cache?: { key: (input: In) => string; ttl: Duration };
}
// biome-ignore-end lint/suspicious/noExplicitAny: as above

type Hooks<Args extends unknown[]> = ((...args: Args) => unknown) | readonly ((...args: Args) => unknown)[];

export interface MapOpts<Element> {
  /** What the UI calls an instance. */
  label?: (item: Element) => string;
  /** At most this many instances at once. */
  maxActive?: number;
  /** Share ("5%", 0.05) or count (>= 1) of instances that may fail without failing what follows. */
  tolerate?: number | `${number}%`;
}

export interface GateOpts {
  /** false: a closed gate skips only what follows it directly; the rest goes by its trigger rules. */
  ignoreDownstreamTriggerRules?: boolean;
}

export interface TeardownOpts {
  /** Its setups, besides those it reads. */
  setups?: Node | readonly Node[];
  /** Its failure fails the run. */
  onFailureFailDagrun?: boolean;
}

/** An optional function of the author's. */
export type Hook = ((...args: unknown[]) => unknown) | null;

/** The options made definite; plain data but for its functions. */
export interface TaskSettings {
  /** Null = not chosen by the author; the builder picks by what the task reads. */
  readonly triggerRule: TriggerRule | null;
  readonly retries: number;
  readonly retryDelayMs: number;
  readonly retryExponentialBackoff: number;
  readonly maxRetryDelayMs: number | null;
  readonly retryPolicy: RetryPolicy | null;
  readonly executionTimeoutMs: number | null;
  readonly queue: string;
  readonly pool: string;
  readonly poolSlots: number;
  readonly priorityWeight: number;
  /** Absent in bundles of an older sdk. */
  readonly weightRule?: string | null;
  readonly startDate?: string | null;
  readonly endDate?: string | null;
  readonly dependsOnPast: boolean;
  readonly waitForDownstream: boolean;
  /** Absent in bundles of an older sdk: true, and false. */
  readonly ignoreFirstDependsOnPast?: boolean;
  readonly waitForPastDependsBeforeSkipping?: boolean;
  readonly maxActiveTisPerDag: number | null;
  readonly maxActiveTisPerDagrun: number | null;
  readonly when: Hook;
  readonly checks: readonly { readonly name: string; readonly run: (...args: unknown[]) => unknown }[];
  readonly outlets: readonly AssetLike[];
  /** Absent in bundles of an older sdk. */
  readonly inlets?: readonly AssetLike[];
  readonly externalTaskMarkers?: readonly ExternalTaskMarker[] | null;
  readonly docMd: string | null;
  readonly looks?: TaskLooks;
  /** Absent = true. */
  readonly params?: Readonly<Record<string, unknown>> | null;
  readonly doXcomPush?: boolean;
  readonly multipleOutputs?: boolean;
  /** Absent in bundles of an older sdk. */
  readonly templateFields?: readonly string[];
  readonly callbacks?: CallbackLists | null;
  readonly hooks?: BodyHooks | null;
}

export const TASK_OPTION_TABLE: OptionTable = {
  ...TASK_LOOK_TABLE,
  params: 'known',
  doXcomPush: 'known',
  multipleOutputs: 'known',
  after: 'known',
  retries: 'known',
  retryDelay: 'known',
  retryExponentialBackoff: 'known',
  maxRetryDelay: 'known',
  retryPolicy: 'known',
  executionTimeout: 'known',
  queue: 'known',
  pool: 'known',
  poolSlots: 'known',
  priorityWeight: 'known',
  weightRule: 'known',
  startDate: 'known',
  endDate: 'known',
  triggerRule: 'known',
  dependsOnPast: 'known',
  ignoreFirstDependsOnPast: 'known',
  waitForPastDependsBeforeSkipping: 'known',
  waitForDownstream: 'known',
  maxActiveTisPerDag: 'known',
  maxActiveTisPerDagrun: 'known',
  when: 'known',
  checks: 'known',
  outlets: 'known',
  inlets: 'known',
  externalTaskMarkers: 'known',
  templateFields: 'known',
  onSuccessCallback: 'known',
  onFailureCallback: 'known',
  onRetryCallback: 'known',
  onSkippedCallback: 'known',
  ...BODY_HOOK_TABLE,
  cache: 'later',
};

export const MAP_OPTION_TABLE: OptionTable = { ...TASK_OPTION_TABLE, label: 'known', maxActive: 'known', tolerate: 'known' };
export const MAP_GROUP_OPTION_TABLE: OptionTable = {
  label: 'known',
  maxActive: 'known',
  tolerate: 'known',
  ...GROUP_LOOK_TABLE,
  defaultArgs: 'known',
};
type Given = Readonly<Record<string, unknown>>;

/** Layers, weakest first: a DAG's defaultArgs, a definition's own options, the call's. Throws DAG_INVALID. */
export function readTaskSettings(where: string, layers: readonly object[], table: OptionTable): TaskSettings {
  for (const layer of layers) checkOptions(where, layer, table);
  const given = Object.assign({}, ...layers.map(withoutUndefined)) as Given;
  const optional = <T, F>(name: string, reader: (place: read.Place, value: unknown) => T, fallback: F): T | F =>
    given[name] === undefined || given[name] === null ? fallback : reader({ where, name }, given[name]);
  const atLeast = (least: number) => (place: read.Place, value: unknown) => read.wholeNumber(place, value, least);
  const pool = readPool(where, given);
  return {
    triggerRule: optional('triggerRule', (place, value) => read.oneOf(place, value, TRIGGER_RULES), null),
    retries: optional('retries', atLeast(0), installationDefaults().retries),
    retryDelayMs: optional('retryDelay', read.durationMs, installationDefaults().retryDelayMs),
    retryExponentialBackoff: optional('retryExponentialBackoff', readBackoff, TASK_DEFAULTS.retryExponentialBackoff),
    maxRetryDelayMs: optional('maxRetryDelay', read.durationMs, null),
    retryPolicy: optional('retryPolicy', readRetryPolicy, null),
    executionTimeoutMs: optional('executionTimeout', read.durationMs, null),
    queue: optional('queue', read.key, TASK_DEFAULTS.queue),
    ...pool,
    priorityWeight: optional('priorityWeight', read.anyInteger, TASK_DEFAULTS.priorityWeight),
    weightRule: optional('weightRule', read.key, null),
    startDate: optional('startDate', read.instant, null),
    endDate: optional('endDate', read.instant, null),
    dependsOnPast: optional('dependsOnPast', read.flag, false),
    waitForDownstream: optional('waitForDownstream', read.flag, false),
    ignoreFirstDependsOnPast: optional('ignoreFirstDependsOnPast', read.flag, true),
    waitForPastDependsBeforeSkipping: optional('waitForPastDependsBeforeSkipping', read.flag, false),
    maxActiveTisPerDag: optional('maxActiveTisPerDag', atLeast(1), null),
    maxActiveTisPerDagrun: optional('maxActiveTisPerDagrun', atLeast(1), null),
    when: optional('when', read.func, null),
    // Those of a definition hold wherever it is used; a call adds its own.
    checks: mergeChecks(layers.map((layer) => readChecks(where, (layer as Given)['checks']))),
    outlets: readAssetList(where, 'outlets', given['outlets']),
    inlets: readAssetList(where, 'inlets', given['inlets']),
    externalTaskMarkers: optional('externalTaskMarkers', readExternalTaskMarkers, null),
    docMd: optional('docMd', read.text, null),
    looks: readTaskLooks(where, given),
    params: optional('params', read.plainObject, null),
    doXcomPush: optional('doXcomPush', read.flag, true),
    multipleOutputs: optional('multipleOutputs', read.flag, false),
    templateFields: optional('templateFields', read.texts, []),
    callbacks: readCallbacks(where, given, TASK_CALLBACK_OPTIONS),
    hooks: readBodyHooks(where, given),
  };
}

function withoutUndefined(layer: object): object {
  return Object.fromEntries(Object.entries(layer).filter(([, value]) => value !== undefined));
}

function readBackoff(place: read.Place, value: unknown): number {
  if (typeof value === 'boolean') return value ? 2 : 1;
  return read.positiveNumber(place, value, 0) || 1;
}

function readPool(where: string, given: Given): { pool: string; poolSlots: number } {
  const pool = given['pool'] ?? TASK_DEFAULTS.pool;
  const detailed = typeof pool === 'object' ? (pool as Given) : { name: pool };
  return {
    pool: read.key({ where, name: 'pool' }, detailed['name']),
    poolSlots: read.wholeNumber({ where, name: 'poolSlots' }, given['poolSlots'] ?? detailed['slots'] ?? TASK_DEFAULTS.poolSlots, 1),
  };
}

function mergeChecks(layers: readonly TaskSettings['checks'][]): TaskSettings['checks'] {
  return [...new Map(layers.flat().map((check) => [check.name, check])).values()];
}

function readChecks(where: string, checks: unknown): TaskSettings['checks'] {
  if (checks === undefined || checks === null) return [];
  if (typeof checks !== 'object') throw new AppError('DAG_INVALID', `Option "checks" of ${where} must be an object of functions.`);
  return Object.entries(checks).map(([name, run]) => ({ name, run: read.func({ where, name: `checks["${name}"]` }, run) }));
}

/** "5%" -> 0.05; 0.05 -> 0.05; 3 -> 3 instances. Throws DAG_INVALID. */
export function readTolerance(where: string, value: unknown): number {
  if (value === undefined) return 0;
  if (typeof value === 'string') {
    const match = /^(\d+(?:\.\d+)?)%$/.exec(value.trim());
    if (match && Number(match[1]) <= 100) return Math.min(Number(match[1]) / 100, 0.999_999);
  } else if (typeof value === 'number' && value >= 0 && (value < 1 || Number.isSafeInteger(value))) return value;
  throw new AppError(
    'DAG_INVALID',
    `Option "tolerate" of ${where} must be a share ("5%" or 0.05) or a whole count, but is ${JSON.stringify(value)}.`,
  );
}
