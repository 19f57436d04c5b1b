/**
 * What `dag(...)` makes: the graph with its functions. Plain data of apiVersion 1, because the process that
 * runs a task may come from a newer installation than the sdk inside the bundle.
 */
import type { BlockKind } from '#core/block.ts';
import type { EdgeLabelSpec, SensorSpec, TaskKind } from '#core/dag-spec.ts';
import type { WaitPlan } from '#core/waiting/plan.ts';
import type { DagSettings } from './dag-options.ts';
import type { ListTree } from './lists.ts';
import type { GroupLooks } from './looks.ts';
import type { Macros } from './plugin.ts';
import type { Source } from './ref.ts';
import type { StandardSchemaV1 } from './standard-schema.ts';
import type { Hook, TaskSettings } from './task-options.ts';

export const API_VERSION = 1;

/** What an event has to be. */
export interface EventPlan {
  readonly schema: StandardSchemaV1;
  /** Null = any that fits the schema. */
  readonly match: Hook;
}

/** What a task that triggers a run does, beside its input `{params, runId, logicalDate, note}`. */
export interface TriggerPlan {
  readonly dagId: string;
  readonly wait: boolean;
  readonly allowedStates: readonly string[];
  readonly failedStates: readonly string[];
  readonly resetDagRun: boolean;
  readonly skipWhenAlreadyExists: boolean;
  readonly failWhenDagIsPaused: boolean;
  readonly everyMs: number | null;
  readonly timeoutMs: number | null;
}

/** A handler's input: references at any depth within lists and plain objects; the rest stays as it was written. */
export type InputTree =
  /** `raw`: no template, whatever it looks like. */
  | { readonly kind: 'literal'; readonly value: unknown; readonly raw?: true }
  | { readonly kind: 'ref'; readonly source: Source }
  | { readonly kind: 'list'; readonly items: readonly InputTree[] }
  | { readonly kind: 'object'; readonly entries: readonly (readonly [string, InputTree])[] };

/** How the handler is called: run(ctx), run(input, ctx), run(item, ctx) or run(item, input, ctx). */
export type CallForm = 'context' | 'input' | 'item' | 'item_input';

/** Reads what a deciding body returned: the value to keep, and the case that was chosen. Throws in words. */
export type TaskDecision = (returned: unknown) => { readonly value: unknown; readonly chosen: string };

export interface TaskDefinition {
  readonly id: string;
  readonly kind: TaskKind;
  readonly operator: string;
  /** What it is for, of a task made from a block. */
  readonly block?: BlockKind;
  readonly groupId: string | null;
  readonly mapScope: string | null;
  readonly call: CallForm;
  readonly input: InputTree | null;
  readonly run: (...args: unknown[]) => unknown;
  /** Checked at run time, for a reusable definition: against the input, or the item when `call` is "item". */
  readonly inputSchema: StandardSchemaV1 | null;
  readonly settings: TaskSettings;
  readonly label: Hook;
  /** branch: case name -> tasks that start it. */
  readonly branchCases: Readonly<Record<string, readonly string[]>> | null;
  /** branch: absent = the body returns the name of the case. */
  readonly decision?: TaskDecision;
  readonly sensor: SensorSpec | null;
  /** Starts a run of another DAG; what it is given is the input. Absent = the body says what there is to do. */
  readonly trigger?: TriggerPlan;
  /** Of a wait for an event. */
  readonly event?: EventPlan;
  /** A ready-made wait; its arguments are the input. Absent = the body says what there is to do. */
  readonly wait?: Omit<WaitPlan, 'args'>;
  /** Sorted. */
  readonly upstream: readonly string[];
  /** Sorted; the upstreams whose results the input needs. */
  readonly reads: readonly string[];
  /** Some upstream is a branch's joined end. */
  readonly followsJoin: boolean;
  /** These are absent in bundles of an older sdk, and mean false. */
  readonly isSetup?: boolean;
  readonly isTeardown?: boolean;
  readonly onFailureFailDagrun?: boolean;
  /** gate only. */
  readonly ignoreDownstreamTriggerRules?: boolean;
}

export interface GroupDefinition {
  readonly looks?: GroupLooks;
  readonly id: string;
  readonly parentId: string | null;
  readonly docMd: string | null;
  readonly collapsed: boolean;
}

export interface MapScopeDefinition {
  readonly id: string;
  readonly over: ListTree;
  readonly maxActive: number | null;
  readonly tolerate: number;
}

export interface DagDefinition {
  readonly apiVersion: typeof API_VERSION;
  readonly id: string;
  readonly settings: DagSettings;
  readonly params: StandardSchemaV1 | null;
  /** In the author's order. */
  readonly tasks: ReadonlyMap<string, TaskDefinition>;
  readonly groups: readonly GroupDefinition[];
  readonly mapScopes: readonly MapScopeDefinition[];
  /** Absent = none. */
  readonly edgeLabels?: readonly EdgeLabelSpec[];
  /** What the build function returned, for DAGs that read this one's output. */
  readonly output: InputTree;
  readonly macros: Macros;
  /** Texts of the files that template fields name. Absent in bundles of an older sdk. */
  readonly templateFiles?: ReadonlyMap<string, string>;
}
