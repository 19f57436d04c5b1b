/** What the host of a plugin and the plugin's caged process say to each other, and the names of what plugins may offer. */
import type { NextRun } from './timetable/timetable.ts';

/** The pipe's file descriptor in a caged child, and its place in the parent's `stdio`. */
export const CHANNEL_FD = 3;

/** Kinds of things a plugin offers by name; `provides` of the plugin table lists the names of each. */
export const PLUGIN_KINDS = ['tasks', 'sensors', 'macros', 'timetables', 'listeners', 'priorityStrategies', 'secrets', 'links'] as const;
export type PluginKind = (typeof PLUGIN_KINDS)[number];

/** Names of what a plugin offers. A plugin of before has fewer kinds. */
export type Provides = Readonly<Record<PluginKind, readonly string[]>>;

export const NOTHING_PROVIDED: Provides = Object.freeze(
  Object.fromEntries(PLUGIN_KINDS.map((kind) => [kind, Object.freeze([])])),
) as unknown as Provides;

/** Each is written to `plugin_event` by a trigger of migrations/0010 or 0020. */
export const LISTENER_NAMES = [
  'onDagRunRunning',
  'onDagRunSuccess',
  'onDagRunFailed',
  'onTaskInstanceRunning',
  'onTaskInstanceSuccess',
  'onTaskInstanceFailed',
  'onTaskInstanceSkipped',
  'onAssetCreated',
  'onAssetAliasCreated',
  'onAssetChanged',
  'onNewDagImportError',
  'onExistingDagImportError',
  'onStarting',
  'beforeStopping',
] as const;
export type ListenerName = (typeof LISTENER_NAMES)[number];

/** What a timetable is asked. Instants are milliseconds since 1970. */
export interface TimetableQuestion {
  readonly args: unknown;
  readonly lastLogicalDateMs: number | null;
  readonly nowMs: number;
  readonly startDateMs: number | null;
  readonly endDateMs: number | null;
  readonly catchup: boolean;
}

/** A task as a priority strategy sees it. */
export interface WeighedByPlugin {
  readonly dagId: string;
  readonly taskId: string;
  readonly priorityWeight: number;
  readonly operator: string;
  readonly groupId: string | null;
  readonly upstream: readonly string[];
  readonly retries: number;
  readonly queue: string;
  readonly pool: string;
}

export interface PluginLink {
  readonly name: string;
  /** With {dag_id}, {run_id}, {task_id}, {map_index}, {try_number}, {logical_date}, {start}, {end} to be filled in. */
  readonly href: string;
  /** Where it is shown. */
  readonly on: 'nav' | 'dag' | 'run' | 'task';
  /** task: only on tasks of these operators; null = all. */
  readonly operators: readonly string[] | null;
}

export const LINK_PLACES = ['nav', 'dag', 'run', 'task'] as const;

export type PluginQuestion =
  | { readonly what: 'next_run'; readonly timetable: string; readonly question: TimetableQuestion }
  | { readonly what: 'weigh'; readonly strategy: string; readonly tasks: readonly WeighedByPlugin[] }
  | { readonly what: 'connection'; readonly id: string }
  | { readonly what: 'variable'; readonly key: string }
  | { readonly what: 'hear'; readonly listener: ListenerName; readonly event: object };

export type ToPlugin =
  /** `settings`: WINDLASS_PLUGIN_<NAME>_*, for a plugin that looks secrets up; nobody else gets any. */
  | { readonly type: 'load'; readonly bundleFile: string; readonly settings?: Readonly<Record<string, string>> }
  | { readonly type: 'ask'; readonly id: number; readonly question: PluginQuestion };

export type FromPlugin =
  | { readonly type: 'loaded'; readonly name: string; readonly provides: Provides; readonly links: readonly PluginLink[] }
  | { readonly type: 'failed'; readonly message: string; readonly stack: string }
  | { readonly type: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly type: 'refused'; readonly id: number; readonly message: string };

export type PlannedByPlugin = NextRun | null;
