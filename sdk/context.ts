/** What a handler may know and do: its second argument (its first, when it has no inputs). */
import type { AssetsOfTask } from './context-assets.ts';
import type { Macros } from './plugin.ts';

/** A connection as a task sees it. */
export interface Connection {
  readonly id: string;
  /** "postgres", "http", "google_cloud_platform", … */
  readonly type: string;
  readonly host: string | null;
  readonly port: number | null;
  readonly login: string | null;
  readonly password: string | null;
  /** Database or path, as in Airflow. */
  readonly schema: string | null;
  readonly extra: Readonly<Record<string, unknown>>;
}

export interface Progress {
  readonly done: number;
  readonly total: number;
  readonly note?: string;
}

export interface TaskLog {
  debug(message: string, fields?: object): void;
  info(message: string, fields?: object): void;
  warn(message: string, fields?: object): void;
  error(message: string, fields?: object): void;
  /** Folds the lines logged meanwhile under one heading. */
  group<T>(name: string, run: () => Promise<T> | T): Promise<T>;
}

/** What woke a body that had deferred. */
export interface WaitEvent<T = unknown> {
  /** What was found: null for a time, the JSON of a response, the path of a file, a row … */
  readonly value: T;
  /** As it was given to `defer(wait, { state })`. */
  readonly state: unknown;
}

export interface PullOptions<T> {
  /** Default "return_value": what the task returned. */
  readonly key?: string;
  /** Of a mapped task: one index gives its value, several a list in map order. */
  readonly mapIndexes?: number | readonly number[];
  /** Instead of undefined. */
  readonly default?: T;
  /** The newest value of this run and the runs before it, by logical date. */
  readonly includePriorDates?: boolean;
  readonly dagId?: string;
  /** Default: the id of this run, also in another DAG. */
  readonly runId?: string;
}

export interface Ctx<P> extends AssetsOfTask {
  readonly params: P;
  readonly run: {
    readonly id: string;
    readonly dagId: string;
    readonly type: 'manual' | 'scheduled' | 'backfill' | 'asset';
    /** A manual run without one: when it was due to start. */
    readonly logicalDate: Date;
    /** A manual run without one: both ends are its logical date. */
    readonly interval: { readonly start: Date; readonly end: Date };
    /** No later run is due by the schedule yet. Always true for a run by hand and for the last run of a schedule. */
    readonly isLatest: boolean;
  };
  readonly task: {
    readonly id: string;
    readonly attempt: number;
    readonly mapIndex: number;
    /** How many instances the mapped task was expanded to; null = not mapped. */
    readonly expandedCount: number | null;
  };
  /** Aborts on cancel, timeout and a lost lease. Hand it to whatever waits. */
  readonly signal: AbortSignal;
  readonly log: TaskLog;
  /** Throws when there is no such connection. */
  conn<T = Connection>(id: string): Promise<T>;
  /** Null when there is no such variable. */
  variable(key: string): Promise<string | null>;
  readonly xcom: {
    push(key: string, value: unknown): Promise<void>;
    /** A value pushed (or returned: key "return_value") by a task of this run; undefined when there is none. */
    pull<T = unknown>(taskId: string, key?: string): Promise<T | undefined>;
    /** The same of other places; several tasks give a list, with `default` where one has no value. */
    pull<T = unknown>(taskId: string, options: PullOptions<T>): Promise<T | undefined>;
    pull<T = unknown>(taskIds: readonly string[], options?: string | PullOptions<T>): Promise<(T | undefined)[]>;
  };
  /** What this task instance keeps from try to try, until it is cleared. Written at once. */
  readonly state: {
    get<T = unknown>(key: string): Promise<T | undefined>;
    set(key: string, value: unknown): Promise<void>;
    delete(key: string): Promise<void>;
  };
  /**
   * Renders `{{ … }}` with Airflow's names (ds, params, var, conn, …) and those of `values`. Throws an error with the
   * line and column of what is wrong.
   */
  template(text: string, values?: Readonly<Record<string, unknown>>): Promise<string>;
  /** In an attempt that goes on after `defer(...)`: what was waited for. Null in any other. */
  readonly event: WaitEvent | null;
  heartbeat(progress?: Progress): void;
  /** The same for every attempt of this task in this run: hand it to services that deduplicate. */
  readonly idempotencyKey: string;
  /** A folder shared by the tasks of this run, for files too large to return. */
  readonly scratch: string;
  /** Functions of the installed plugins, by plugin name. */
  readonly macros: Macros;
}
