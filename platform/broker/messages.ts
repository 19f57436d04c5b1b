/** What is said over the doorbells. Listeners check the shape and take every message as a hint. */

/** worker -> scheduler: these instances left `running`. */
export interface TaskInstancesEnded {
  readonly shards: readonly number[];
  readonly ids: readonly string[];
  /**
   * "id epoch": of these, nothing but the success is to be read, and the commit that wrote it under this lease was answered.
   * A scheduler that knows the instance as it was before that lease need not read it.
   */
  readonly successes?: readonly string[];
}

/** API, CLI -> scheduler: a run was created or changed behind its back. */
export interface RunsChanged {
  readonly dagIds: readonly string[];
}

/** DAG processor, API -> schedulers: a DAG's version, pause or schedule changed. */
export interface DagsChanged {
  readonly dagIds: readonly string[];
}

/** worker, API -> schedulers: events of assets wait for these DAGs. */
export interface AssetEventsQueued {
  readonly dagIds: readonly string[];
}

/** Anybody -> web servers: something a page may show has changed. Pages refetch; no data travels here. */
export interface UiEvent {
  readonly topics: readonly UiTopic[];
}
/** "dags", "import_errors", "workers", "assets", "syncs", "dag:<id>", "run:<dag id>/<run id>", "event:<name>" */
export type UiTopic = string;

/** scheduler -> workers: callbacks of runs and lost attempts wait to be called. Says nothing more. */
export type CallbacksRequested = Readonly<Record<string, never>>;

/** API, CLI, scheduler -> workers: attempts of these instances were cleared, marked or stopped. Look at your leases now. */
export interface LeasesChanged {
  readonly ids: readonly string[];
}

/** monitor -> worker: look at your desired state now. */
export interface WorkerControl {
  readonly workerId: string;
}

/** worker, scheduler, triggerer -> triggerers: there are waiters without an owner. */
export type WaitersChanged = Readonly<Record<string, never>>;
