/** What the plugin host and the caged process of one plugin say to each other. */
import type { NextRun } from '#core/timetable/timetable.ts';
import type { ListenerName } from '#sdk/plugin.ts';

/** The scheduler's own room must not know the sdk: it takes the name from here. */
export type PluginListener = ListenerName;

/** What a timetable is asked. Instants are milliseconds since 1970. */
export interface CustomQuestion {
  readonly args: unknown;
  readonly lastLogicalDateMs: number | null;
  readonly nowMs: number;
  readonly startDateMs: number | null;
  readonly endDateMs: number | null;
  readonly catchup: boolean;
}

export type ToPlugin =
  | { readonly type: 'load'; readonly bundleFile: string }
  | { readonly type: 'next_run'; readonly id: number; readonly timetable: string; readonly question: CustomQuestion }
  | { readonly type: 'event'; readonly listener: PluginListener; readonly event: object };

/** Names of what a plugin offers. */
export interface Provides {
  readonly tasks: readonly string[];
  readonly macros: readonly string[];
  readonly timetables: readonly string[];
  readonly listeners: readonly string[];
}

export type FromPlugin =
  | { readonly type: 'loaded'; readonly name: string; readonly provides: Provides }
  | { readonly type: 'failed'; readonly message: string; readonly stack: string }
  | { readonly type: 'answer'; readonly id: number; readonly run: NextRun | null }
  | { readonly type: 'refused'; readonly id: number; readonly message: string }
  /** A listener is done with one event; `problem` says what it threw. */
  | { readonly type: 'heard'; readonly listener: string; readonly problem: string | null };
