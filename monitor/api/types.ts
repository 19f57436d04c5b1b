/**
 * What the monitor's pages on 5555 read. GET /api/v1/…; control is POST/PATCH on the same paths. Server and
 * React app share these types. Instants are ISO-8601 UTC text; durations say their unit.
 */

/** GET /api/v1/session — 401 when nobody is logged in. */
export interface MonitorSession {
  readonly username: string;
  readonly role: 'admin' | 'op' | 'user' | 'viewer';
  /** Only op and admin may pause, resume, drain, stop or resize a worker. */
  readonly canControl: boolean;
  readonly version: string;
  readonly broker: 'redis' | 'postgres';
  /** Port of the web UI on the same host, for links to a task's own page. */
  readonly webPort: number;
  /** A worker silent for longer than this is lost. */
  readonly lostAfterSeconds: number;
}

/** One kind of process: "scheduler", "dag_processor", "worker", "triggerer", "webserver", "monitor". */
export interface ProcessView {
  readonly kind: string;
  readonly online: number;
  readonly lost: number;
  readonly heartbeatAgeSeconds: number;
  /** Of triggerers: the waits each looks after. */
  readonly waiters?: readonly number[];
}

/** GET /api/v1/overview */
export interface Overview {
  readonly at: string;
  readonly workers: { readonly online: number; readonly paused: number; readonly draining: number; readonly lost: number };
  readonly slots: { readonly used: number; readonly total: number };
  readonly tasks: {
    readonly running: number;
    readonly queued: number;
    readonly succeededLastHour: number;
    readonly failedLastHour: number;
  };
  readonly oldestQueuedSeconds: number | null;
  /** One bucket a minute over the last hour, oldest first; the last minute is not over yet. */
  readonly throughput: readonly { readonly at: string; readonly succeeded: number; readonly failed: number }[];
  readonly broker: { readonly kind: 'redis' | 'postgres'; readonly version: string; readonly warnings: readonly string[] };
  readonly processes: readonly ProcessView[];
}

export type WorkerStatus = 'online' | 'paused' | 'draining' | 'lost' | 'stopped';

/** GET /api/v1/workers, GET /api/v1/workers/{id} */
export interface WorkerView {
  readonly workerId: string;
  readonly hostname: string;
  readonly pid: number;
  readonly version: string;
  readonly status: WorkerStatus;
  readonly queues: readonly string[];
  readonly slots: number;
  readonly running: number;
  readonly processed: number;
  readonly failed: number;
  readonly startedAt: string;
  readonly stoppedAt: string | null;
  readonly lastHeartbeatAt: string;
  readonly heartbeatAgeSeconds: number;
  readonly info: {
    readonly rssBytes?: number;
    readonly cpuPercent?: number;
    readonly eventLoopLagMs?: number;
    readonly nodeVersion?: string;
    readonly taskProcesses?: number;
  };
  readonly desired: { readonly state: string | null; readonly slots: number | null };
  /** What it runs now, newest first. */
  readonly tasks: readonly TaskView[];
}

/** GET /api/v1/queues */
export interface QueueView {
  readonly queue: string;
  /** In Postgres: queued instances nobody claimed. */
  readonly queued: number;
  readonly running: number;
  /** In the broker: batches not fetched, batches in hands. */
  readonly brokerWaiting: number;
  readonly brokerActive: number;
  readonly oldestQueuedSeconds: number | null;
  /** Online workers that listen on it; paused and draining ones take nothing and do not count. */
  readonly consumers: number;
  /** Paused and draining workers that listen on it: they would take its work if somebody resumed them. */
  readonly haltedConsumers: number;
  readonly slots: number;
}

/** One attempt, or an instance that waits in a queue and has none yet (state "queued", worker ""). */
export interface TaskView {
  readonly attemptId: string;
  readonly dagId: string;
  readonly runId: string;
  readonly taskId: string;
  readonly mapIndex: number;
  readonly mapLabel: string | null;
  readonly tryNumber: number;
  readonly maxTries: number;
  readonly operator: string;
  readonly pool: string;
  readonly queue: string;
  /** "queued", "running", or the attempt's outcome. */
  readonly state: string;
  readonly reason: string | null;
  readonly workerId: string;
  readonly hostname: string;
  readonly pid: number | null;
  readonly queuedAt: string | null;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly waitedMs: number | null;
  /** So far, while it runs. */
  readonly ranMs: number | null;
  readonly error: string | null;
  readonly errorStack: string | null;
  readonly progress: { readonly done: number; readonly total: number; readonly note?: string } | null;
}

/** GET /api/v1/tasks?state=&search=&worker=&limit=&offset= — newest first; what waits, oldest first. */
export interface TaskPage {
  readonly tasks: readonly TaskView[];
  readonly hasMore: boolean;
  /** queued and running: now; the rest: started within the last hour. Not narrowed by the search. */
  readonly counts: Readonly<Record<string, number>>;
  /** A search looks through this many attempts, newest first. */
  readonly searchedAttempts: number;
}

export type ControlVerb = 'pause' | 'resume' | 'drain' | 'stop';

/** PATCH /api/v1/workers/{id} — either or both. */
export interface WorkerPatch {
  readonly state?: 'running' | 'paused';
  readonly slots?: number;
}

/**
 * The answer to every control. 200 done: the worker reported that it is so. 202 accepted: the worker answered
 * and is on its way. 202 no_answer: the wish is written, and holds when the worker reads it.
 */
export interface ControlResult {
  readonly outcome: 'done' | 'accepted' | 'no_answer';
  readonly message: string;
  readonly tookMs: number;
  readonly worker: WorkerView;
}

/** GET /api/v1/stream — SSE. `event: change`, data as on 8080: {"topics": string[]}. */
export interface MonitorChange {
  readonly topics: readonly string[];
}

/** Every refusal, problem+json. */
export interface Problem {
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly next: string;
  readonly requestId: string;
}
