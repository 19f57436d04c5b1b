/**
 * Plugins: files in `plugins/` whose default export is `definePlugin({...})`. Their code never runs in the scheduler or
 * the web server: timetables, listeners, priority strategies and secrets live in a caged process of their own, tasks,
 * sensors and macros in the bundles of the DAGs that use them, and links are words.
 */
import { closest } from '#core/did-you-mean.ts';
import { AppError } from '#core/errors.ts';
import { isKey } from '#core/ids.ts';
import { LINK_PLACES, LISTENER_NAMES, type PluginLink, type WeighedByPlugin } from '#core/plugin-protocol.ts';
import { PLUGIN } from './brands.ts';
import type { Connection } from './context.ts';
import { perBundle } from './per-bundle.ts';

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
  readonly runType: string;
  /** Why the run ended so, in words, or null. */
  readonly reason: string | null;
}

export interface TaskInstanceEventInfo extends DagRunEvent {
  readonly taskId: string;
  /** -1 for a task that is not mapped. */
  readonly mapIndex: number;
  readonly tryNumber: number;
  readonly operator: string;
}

export interface AssetInfo {
  readonly name: string;
  readonly uri: string;
}

export interface AssetChange extends AssetInfo {
  readonly extra: unknown;
  /** Null: by a person or a watcher. */
  readonly sourceDagId: string | null;
  readonly sourceRunId: string | null;
  readonly sourceTaskId: string | null;
}

export interface ImportErrorInfo {
  /** Relative to the dags folder. */
  readonly filePath: string;
  readonly message: string;
  readonly line: number | null;
}

export interface ComponentInfo {
  readonly component: string;
  readonly serviceId: string;
  readonly hostname: string;
}

type Listen<E> = (event: E) => void | Promise<void>;

/**
 * Told after the fact, at least once, in about the order in which things happened. What one throws is recorded; nothing
 * waits for it.
 */
export interface Listeners {
  onDagRunRunning?: Listen<DagRunEvent>;
  onDagRunSuccess?: Listen<DagRunEvent>;
  onDagRunFailed?: Listen<DagRunEvent>;
  onTaskInstanceRunning?: Listen<TaskInstanceEventInfo>;
  onTaskInstanceSuccess?: Listen<TaskInstanceEventInfo>;
  /** No try is left. */
  onTaskInstanceFailed?: Listen<TaskInstanceEventInfo>;
  onTaskInstanceSkipped?: Listen<TaskInstanceEventInfo>;
  onAssetCreated?: Listen<AssetInfo>;
  onAssetAliasCreated?: Listen<{ readonly name: string }>;
  onAssetChanged?: Listen<AssetChange>;
  /** A file that was fine, or is new, does not import. */
  onNewDagImportError?: Listen<ImportErrorInfo>;
  /** A file that was broken is broken in another way. */
  onExistingDagImportError?: Listen<ImportErrorInfo>;
  /** A scheduler, worker, web server … has started. */
  onStarting?: Listen<ComponentInfo>;
  /** One has stopped by itself; a killed one tells nobody. */
  beforeStopping?: Listen<ComponentInfo>;
}

/** The weight of a task: `weightRule: "<name>"`. Asked when the DAG file is read; must be pure. */
export type PriorityStrategy = (task: WeighedByPlugin) => number;

/** `settings` are the plugin's own: WINDLASS_PLUGIN_<NAME>_URL is settings.url. */
export interface SecretsBackend {
  getConnection?(id: string, settings: Readonly<Record<string, string>>): Partial<Connection> | null | Promise<Partial<Connection> | null>;
  getVariable?(key: string, settings: Readonly<Record<string, string>>): string | null | Promise<string | null>;
}

export interface LinkOptions {
  /** With {dag_id}, {run_id}, {task_id}, {map_index}, {try_number}, {logical_date}, {start} and {end}, filled in by the page. */
  readonly href: string;
  /** Where it is shown. Default: task. */
  readonly on?: PluginLink['on'];
  /** Only on tasks of these operators ("sql", "bash", …). */
  readonly operators?: readonly string[];
}

export interface PluginOptions {
  /** Also the name under `ctx.macros` and `windlass/plugins/`. */
  readonly name: string;
  /** Task definitions, listed for people; DAGs import them from the file. */
  readonly tasks?: Readonly<Record<string, object>>;
  /** Checks for `sensor(id, check, options)`, or functions that make one; listed for people. */
  readonly sensors?: Readonly<Record<string, (...args: never[]) => unknown>>;
  readonly macros?: Readonly<Record<string, Macro>>;
  readonly timetables?: Readonly<Record<string, Timetable>>;
  readonly listeners?: Listeners;
  readonly priorityStrategies?: Readonly<Record<string, PriorityStrategy>>;
  readonly secrets?: SecretsBackend;
  readonly links?: Readonly<Record<string, LinkOptions>>;
}

export interface Plugin extends PluginOptions {
  readonly apiVersion: 1;
}

const PLUGIN_OPTIONS = ['name', 'tasks', 'sensors', 'macros', 'timetables', 'listeners', 'priorityStrategies', 'secrets', 'links'];
const LINK = /^(https?:\/\/|\/)\S+$/;

/** Plugins inlined in this bundle; DAG definitions of the same bundle carry their macros. */
const registered = perBundle(() => new Map<string, PluginOptions>());

/** Checks and marks a plugin. Throws DAG_INVALID on a bad name, an unknown option or listener, or a thing of the wrong shape. */
export function definePlugin(options: PluginOptions): Plugin {
  if (typeof options !== 'object' || options === null || !isKey(options.name))
    throw new AppError('DAG_INVALID', 'definePlugin needs { name: "..." } of letters, digits and _ . -');
  const of = `plugin "${options.name}"`;
  refuseUnknown(of, Object.keys(options), PLUGIN_OPTIONS);
  refuseUnknown(`listeners of ${of}`, Object.keys(options.listeners ?? {}), LISTENER_NAMES);
  requireFunctions(`Listener`, of, options.listeners);
  requireFunctions(`Macro`, of, options.macros);
  requireFunctions(`Sensor`, of, options.sensors);
  requireFunctions(`Priority strategy`, of, options.priorityStrategies);
  refuseUnknown(`secrets of ${of}`, Object.keys(options.secrets ?? {}), ['getConnection', 'getVariable']);
  requireFunctions(`Secrets function`, of, options.secrets);
  for (const [name, timetable] of Object.entries(options.timetables ?? {}))
    if (typeof timetable?.nextRun !== 'function')
      throw new AppError('DAG_INVALID', `Timetable "${name}" of ${of} needs a function nextRun(after, args).`);
  readLinks(options);
  registered().set(options.name, options);
  return Object.defineProperty({ ...options, apiVersion: 1 as const }, PLUGIN, { value: true });
}

function requireFunctions(what: string, of: string, record: object | undefined): void {
  for (const [name, value] of Object.entries(record ?? {}))
    if (typeof value !== 'function') throw new AppError('DAG_INVALID', `${what} "${name}" of ${of} must be a function.`);
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

/** The links of a plugin as plain data. Throws DAG_INVALID for one that is no link. */
export function readLinks({ name: plugin, links = {} }: PluginOptions): readonly PluginLink[] {
  return Object.entries(links).map(([name, link]) => {
    const where = `Link "${name}" of plugin "${plugin}"`;
    if (typeof link?.href !== 'string' || !LINK.test(link.href))
      throw new AppError('DAG_INVALID', `${where} needs href: a text that begins with https://, http:// or "/".`);
    refuseUnknown(where.toLowerCase(), Object.keys(link), ['href', 'on', 'operators']);
    const on = link.on ?? 'task';
    if (!LINK_PLACES.includes(on)) throw new AppError('DAG_INVALID', `${where}: "on" must be one of ${LINK_PLACES.join(', ')}.`);
    return { name, href: link.href, on, operators: link.operators === undefined ? null : [...link.operators] };
  });
}

/** What gives the macros of the plugins in the bundle that is imported, by plugin name: more may come while it is. */
export function registeredMacros(): () => Macros {
  const plugins = registered();
  return () => {
    const entries = [...plugins.values()].filter((plugin) => plugin.macros !== undefined).map((plugin) => [plugin.name, plugin.macros]);
    return Object.fromEntries(entries) as Macros;
  };
}
