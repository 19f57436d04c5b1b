/**
 * The serialised DAG: all that the scheduler, the web server and the UI ever know of a DAG. A caged child
 * makes it from the author's file (`sdk/runtime/serialise-dag.ts`); it is plain JSON, validated on arrival
 * (`core/validate-spec.ts`), stored per version, and never holds code.
 */

import type { AliasDefinition, AssetDefinition, AssetScheduleSpec, AssetUse } from './assets/asset-spec.ts';
import type { BlockKind } from './block.ts';
import type { CallbackNames } from './callbacks.ts';
import type { DeadlineSpec } from './deadline.ts';
import type { ExternalTaskMarker } from './external-task-markers.ts';
import type { DagRunType } from './ids.ts';
import type { TriggerRule } from './trigger-rules.ts';
import type { WaitPlan } from './waiting/plan.ts';

export const SPEC_VERSION = 1;

/** What the ticks of a cron schedule may say beside when they are. */
export interface CronChoices {
  readonly logicalDate?: 'start';
  /** The data interval is this long and ends at the tick; absent = since the tick before. */
  readonly intervalMs?: number;
  /** Each run is for one partition: its key is the wall time of a tick, this many ticks away from its own. */
  readonly partition?: { readonly format: string; readonly offsetTicks: number };
}

/** When runs are created. Every variant is data; `core/timetable.ts` turns it into instants. */
export type ScheduleSpec =
  | { readonly kind: 'none' }
  | { readonly kind: 'once' }
  | { readonly kind: 'continuous' }
  | ({ readonly kind: 'cron'; readonly expression: string; readonly timezone: string } & CronChoices)
  /** Several cron expressions: their ticks together. */
  | ({ readonly kind: 'crons'; readonly expressions: readonly string[]; readonly timezone: string } & CronChoices)
  | { readonly kind: 'delta'; readonly everyMs: number; readonly logicalDate?: 'start' }
  /** Calendar steps from the start date, in wall time: "every month" keeps the day of the month and the hour. */
  | { readonly kind: 'calendar'; readonly months: number; readonly days: number; readonly timezone: string; readonly logicalDate?: 'start' }
  /** Exactly these instants: ISO-8601 with offset, increasing. */
  | { readonly kind: 'events'; readonly instants: readonly string[] }
  | { readonly kind: 'custom'; readonly name: string; readonly args: unknown };

/**
 * What happens to ticks that were missed while a DAG was paused or before it was seen: true = each gets a run,
 * false = the newest one does, 'none' = none does.
 */
export type Catchup = boolean | 'none';

/** What a task is to the scheduler. Everything else about it is code. `empty`: it has none, and no worker is needed. */
export type TaskKind = 'task' | 'branch' | 'gate' | 'sensor' | 'empty';

/** Where a list to map over comes from, then a path into it. */
export interface ListSource {
  /** task: one result; results: one result each of all instances of a mapped task; literal: written in the DAG file. */
  readonly from: 'task' | 'params' | 'results' | 'literal';
  /** The producing task; empty for params and literals. */
  readonly taskId: string;
  readonly path: readonly string[];
  /** literal: how long it is; its elements stay in the bundle. */
  readonly length?: number;
}

/** A list made of others, of which only elements are ever made (`core/mapping/list-expression.ts`). */
export interface ListOperation {
  readonly op: 'zip' | 'cross' | 'concat';
  readonly parts: readonly ListExpression[];
  /** zip: as long as the longest part, the others filled up. */
  readonly fill?: true;
}

export type ListExpression = ListSource | ListOperation;

/** A mapped region: its tasks get one instance per element of the list. `map` makes one with one task. */
export interface MapScope {
  readonly scopeId: string;
  readonly over: ListExpression;
  /** At most this many instances of each task of the scope run at once, or null. */
  readonly maxActive: number | null;
  /** Share (0..1) or count (>= 1) of instances that may fail without failing what follows; 0 = none. */
  readonly tolerate: number;
}

export interface SensorSpec {
  readonly everyMs: number;
  readonly timeoutMs: number;
  readonly onTimeout: 'fail' | 'skip';
  /** Each wait is the last one times this; 1 = constant. */
  readonly backoff: number;
  /** The longest wait. Absent = none. */
  readonly maxWaitMs?: number;
  /** poke keeps its worker slot between checks. Absent = reschedule. */
  readonly mode?: 'poke';
  /** Skips where it would fail, once no try is left. */
  readonly softFail?: boolean;
  /** Skips at the first failure. */
  readonly neverFail?: boolean;
  /** An error of the check means "not yet". */
  readonly silentFail?: boolean;
}

export type DocFormat = 'text' | 'json' | 'yaml' | 'rst';

/** Documentation that is no Markdown: shown as it is. */
export interface DocSpec {
  readonly format: DocFormat;
  readonly text: string;
}

/** What a colour of an author may look like: nothing that could be more than a colour. */
export const CSS_COLOUR = /^(#[0-9a-f]{3,4}|#[0-9a-f]{6}|#[0-9a-f]{8}|[a-z]{3,30})$/i;

export interface TaskSpec {
  readonly taskId: string;
  readonly kind: TaskKind;
  /** What the UI calls it: "task", "bash", "http", "sql", "sensor", "branch", or a definition's own name. */
  readonly operator: string;
  /** Of a task made from a block. Absent = none. */
  readonly block?: BlockKind;
  readonly groupId: string | null;
  readonly mapScope: string | null;
  /** Direct upstream task ids, data and order edges alike, sorted. */
  readonly upstream: readonly string[];
  /** Tasks whose `return_value` the supervisor hands to the task process: a subset of `upstream`. */
  readonly reads: readonly string[];
  readonly triggerRule: TriggerRule;
  readonly retries: number;
  readonly retryDelayMs: number;
  /** 1 = constant delay; 2 = doubled each try. Airflow's formula, `core/retries.ts`. */
  readonly retryExponentialBackoff: number;
  readonly maxRetryDelayMs: number | null;
  readonly executionTimeoutMs: number | null;
  readonly queue: string;
  readonly pool: string;
  readonly poolSlots: number;
  /** Of its instances: the author's weight and, by the rule, those of other tasks. */
  readonly priorityWeight: number;
  /** As the author gave it. Absent: the same. */
  readonly ownPriorityWeight?: number;
  /** Absent = 'downstream'. */
  readonly weightRule?: string;
  /** ISO-8601 with offset: runs with a logical date outside of these go on without the task. */
  readonly startDate?: string;
  readonly endDate?: string;
  readonly dependsOnPast: boolean;
  readonly waitForDownstream: boolean;
  /** dependsOnPast: the first instance a task ever has need not wait. Absent = true. */
  readonly ignoreFirstDependsOnPast?: boolean;
  /** dependsOnPast: not skipped either before the past allows it. Absent = false. */
  readonly waitForPastDependsBeforeSkipping?: boolean;
  /** Absent = false, as all below. */
  readonly isSetup?: boolean;
  readonly isTeardown?: boolean;
  /** A teardown whose failure fails the run. */
  readonly onFailureFailDagrun?: boolean;
  /** gate: a closed one skips everything downstream, whatever its rule; false = only what follows directly. Absent = true. */
  readonly ignoreDownstreamTriggerRules?: boolean;
  readonly maxActiveTisPerDag: number | null;
  readonly maxActiveTisPerDagrun: number | null;
  /** branch: case name -> the tasks that start it. */
  readonly branchCases: Readonly<Record<string, readonly string[]>> | null;
  readonly sensor: SensorSpec | null;
  /** The DAG that it triggers, and whether it waits for that run. */
  readonly triggers?: { readonly dagId: string; readonly wait: boolean };
  /** What it waits for is known from the DAG file: it is deferred without a worker. Absent = a body says so. */
  readonly wait?: WaitPlan;
  readonly docMd: string | null;
  readonly docs?: readonly DocSpec[];
  /** Absent: the id. */
  readonly displayName?: string;
  /** Absent: the owner of the DAG. */
  readonly owner?: string;
  readonly uiColor?: string;
  readonly uiFgcolor?: string;
  /** The task's own params, over the DAG's defaults and under what the run was given. Plain JSON. */
  readonly params?: Readonly<Record<string, unknown>>;
  /** Names of the in-line checks run on the result. */
  readonly checks: readonly string[];
  /** Absent = none. */
  readonly callbacks?: CallbackNames;
  /** Assets its success updates, and those it reads. Absent = none. */
  readonly outlets?: readonly AssetUse[];
  readonly inlets?: readonly AssetUse[];
  /** Tasks of other DAGs that are cleared with it. Absent = none. */
  readonly externalTaskMarkers?: readonly ExternalTaskMarker[];
}

export interface GroupSpec {
  readonly groupId: string;
  readonly parentId: string | null;
  readonly docMd: string | null;
  readonly collapsed: boolean;
  readonly displayName?: string;
  readonly tooltip?: string;
  readonly uiColor?: string;
  readonly uiFgcolor?: string;
}

/** Words on an edge of the graph. */
export interface EdgeLabelSpec {
  readonly from: string;
  readonly to: string;
  readonly text: string;
}

export interface DagSpec {
  readonly specVersion: typeof SPEC_VERSION;
  readonly dagId: string;
  /** Absent: the id. */
  readonly displayName?: string;
  /** Owner -> where they are found: http(s) or mailto. */
  readonly ownerLinks?: Readonly<Record<string, string>>;
  readonly description: string | null;
  readonly docMd: string | null;
  readonly owner: string;
  readonly tags: readonly string[];
  readonly schedule: ScheduleSpec;
  /** The schedule as people read it: "0 6 * * * (Europe/Berlin)", "every 1 h", "@daily", "never, externally triggered". */
  readonly scheduleSummary: string;
  /** ISO-8601 with offset, or null = from when the DAG was first seen. */
  readonly startDate: string | null;
  readonly endDate: string | null;
  readonly catchup: Catchup;
  /** The first run is the newest tick, at once; a number: if it is no older than this many ms. Absent = false. */
  readonly runImmediately?: boolean | number;
  /** Runs for events of assets, beside those by time. */
  readonly assetSchedule?: AssetScheduleSpec;
  /** Every asset and alias the DAG defines. Absent = none. */
  readonly assets?: readonly AssetDefinition[];
  readonly assetAliases?: readonly AliasDefinition[];
  readonly maxActiveRuns: number;
  readonly maxActiveTasks: number;
  readonly dagrunTimeoutMs: number | null;
  readonly maxConsecutiveFailedDagRuns: number;
  readonly failFast: boolean;
  readonly isPausedUponCreation: boolean | null;
  /** Kinds of runs that may be made; absent = all. */
  readonly allowedRunTypes?: readonly DagRunType[];
  /** Unfinished runs move on to each new version. Absent = a run keeps its version. */
  readonly disableBundleVersioning?: boolean;
  /** JSON Schema (draft 2020-12) of the params, for the form and for validation; null = any object. */
  readonly paramsSchema: Readonly<Record<string, unknown>> | null;
  readonly paramsDefaults: Readonly<Record<string, unknown>>;
  /** Names of the params as the author ordered them; jsonb does not keep the order of keys. */
  readonly paramsOrder?: readonly string[];
  readonly groups: readonly GroupSpec[];
  readonly mapScopes: readonly MapScope[];
  readonly edgeLabels?: readonly EdgeLabelSpec[];
  /** Absent = none. */
  readonly callbacks?: CallbackNames;
  readonly deadlines?: readonly DeadlineSpec[];
  /** What its build function returned, for DAGs that trigger it: literals and references. Absent = nothing. */
  readonly output?: Readonly<Record<string, unknown>>;
  /** In topological order. */
  readonly tasks: readonly TaskSpec[];
}

/** Airflow's defaults, the one place they are written down. */
export const DAG_DEFAULTS = {
  owner: 'windlass',
  catchup: false,
  maxActiveRuns: 16,
  maxActiveTasks: 16,
  maxConsecutiveFailedDagRuns: 0,
} as const;

export const TASK_DEFAULTS = {
  triggerRule: 'all_success',
  retries: 0,
  retryDelayMs: 300_000,
  retryExponentialBackoff: 1,
  queue: 'default',
  pool: 'default_pool',
  poolSlots: 1,
  priorityWeight: 1,
} as const;

/** Bounds that keep one file from harming the rest. */
export const SPEC_LIMITS = {
  tasksPerDag: 10_000,
  edgesPerDag: 200_000,
  idLengthChars: 250,
  cronsPerSchedule: 100,
  eventsPerSchedule: 10_000,
  specBytes: 16 * 1024 * 1024,
  mappedInstances: 100_000,
  partsPerList: 100,
  xcomBytes: 1024 * 1024,
} as const;
