/**
 * Plugins: files in `plugins/` whose default export is `definePlugin({...})`. Their code never runs in the
 * scheduler: timetables and listeners live in a caged host process, task definitions and macros in the
 * bundles of the DAGs that use them.
 */
import { closest } from '#core/did-you-mean.ts';
import { AppError } from '#core/errors.ts';
import { isKey } from '#core/ids.ts';
import { PLUGIN } from './brands.ts';

/** Functions for templates and handlers: `ctx.macros.<plugin>.<name>(...)`. */
export type Macro = (...args: never[]) => unknown;
export type Macros = Readonly<Record<string, Readonly<Record<string, (...args: unknown[]) => unknown>>>>;

/** One run a timetable plans. */
export interface PlannedRun {
  readonly intervalStart: Date;
  /** Also the run's logical date. */
  readonly intervalEnd: Date;
  /** Default: the end of the interval. */
  readonly runAfter?: Date;
}

/** A schedule in code. Must be pure and quick: the same arguments give the same answer, within a second. */
export interface Timetable {
  /**
   * The first run whose interval ends strictly after `after`, or null when there will be none. `args` are those
   * of `timetable(name, args)` in the DAG file.
   */
  nextRun(after: Date, args: unknown): PlannedRun | null;
}

export interface DagRunEvent {
  readonly dagId: string;
  readonly runId: string;
  /** Why the run ended so, in words, or null. */
  readonly reason: string | null;
}

export interface TaskInstanceEventInfo extends DagRunEvent {
  readonly taskId: string;
  /** -1 for a task that is not mapped. */
  readonly mapIndex: number;
}

/** Called after the fact, at most once each, in no promised order; a failing listener changes nothing. */
export interface Listeners {
  onDagRunRunning?: (event: DagRunEvent) => void | Promise<void>;
  onDagRunSuccess?: (event: DagRunEvent) => void | Promise<void>;
  onDagRunFailed?: (event: DagRunEvent) => void | Promise<void>;
  onTaskInstanceFailed?: (event: TaskInstanceEventInfo) => void | Promise<void>;
}

export const LISTENER_NAMES = [
  'onDagRunRunning',
  'onDagRunSuccess',
  'onDagRunFailed',
  'onTaskInstanceFailed',
] as const satisfies readonly (keyof Listeners)[];
export type ListenerName = (typeof LISTENER_NAMES)[number];

export interface PluginOptions {
  /** Also the name under `ctx.macros` and `windlass/plugins/`. */
  readonly name: string;
  /** Task definitions, listed for people; DAGs import them from the file. */
  readonly tasks?: Readonly<Record<string, object>>;
  readonly macros?: Readonly<Record<string, Macro>>;
  readonly timetables?: Readonly<Record<string, Timetable>>;
  readonly listeners?: Listeners;
}

export interface Plugin extends PluginOptions {
  readonly apiVersion: 1;
}

const PLUGIN_OPTIONS = ['name', 'tasks', 'macros', 'timetables', 'listeners'];

/** Plugins inlined in this bundle; DAG definitions of the same bundle carry their macros. */
const registered = new Map<string, PluginOptions>();

/** Checks and marks a plugin. Throws DAG_INVALID on a bad name or an unknown option or listener. */
export function definePlugin(options: PluginOptions): Plugin {
  if (typeof options !== 'object' || options === null || !isKey(options.name))
    throw new AppError('DAG_INVALID', 'definePlugin needs { name: "..." } of letters, digits and _ . -');
  refuseUnknown(`plugin "${options.name}"`, Object.keys(options), PLUGIN_OPTIONS);
  refuseUnknown(`listeners of plugin "${options.name}"`, Object.keys(options.listeners ?? {}), LISTENER_NAMES);
  for (const [name, timetable] of Object.entries(options.timetables ?? {}))
    if (typeof timetable?.nextRun !== 'function')
      throw new AppError('DAG_INVALID', `Timetable "${name}" of plugin "${options.name}" needs a function nextRun(after, args).`);
  registered.set(options.name, options);
  return Object.defineProperty({ ...options, apiVersion: 1 as const }, PLUGIN, { value: true });
}

function refuseUnknown(where: string, given: readonly string[], known: readonly string[]): void {
  for (const name of given) {
    if (known.includes(name)) continue;
    const near = closest(name, known);
    throw new AppError(
      'DAG_INVALID',
      `Unknown option "${name}" of ${where}.${near ? ` Did you mean "${near}"?` : ''} Known: ${known.join(', ')}.`,
    );
  }
}

/** Macros of the plugins in this bundle, by plugin name. */
export function registeredMacros(): Macros {
  const entries = [...registered.values()].filter((plugin) => plugin.macros !== undefined).map((plugin) => [plugin.name, plugin.macros]);
  return Object.fromEntries(entries) as Macros;
}
