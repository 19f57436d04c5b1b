/** What the monitor's pages on 5555 read. GET /api/v1/…; control is POST/PATCH on the same paths. */

/** GET /api/v1/overview */
export interface Overview {
  readonly workers: { readonly online: number; readonly paused: number; readonly draining: number; readonly lost: number };
  readonly slots: { readonly used: number; readonly total: number };
  readonly tasks: { readonly running: number; readonly queued: number; readonly succeededLastHour: number; readonly failedLastHour: number };
  readonly oldestQueuedSeconds: number | null;
  /** One bucket a minute over the last hour, oldest first. */
  readonly throughput: readonly { readonly at: string; readonly succeeded: number; readonly failed: number }[];
  readonly broker: { readonly kind: 'redis' | 'postgres'; readonly version: string; readonly warnings: readonly string[] };
}

/** GET /api/v1/workers, GET /api/v1/workers/{id} */
export interface WorkerView {
  readonly workerId: string;
  readonly hostname: string;
  readonly pid: number;
  readonly version: string;
  readonly status: 'online' | 'paused' | 'draining' | 'lost' | 'stopped';
  readonly queues: readonly string[];
  readonly slots: number;
  readonly running: number;
  readonly processed: number;
  readonly failed: number;
  readonly startedAt: string;
  readonly lastHeartbeatAt: string;
  readonly heartbeatAgeSeconds: number;
  readonly info: { readonly rssBytes?: number; readonly cpuPercent?: number; readonly eventLoopLagMs?: number; readonly nodeVersion?: string; readonly taskProcesses?: number };
  readonly desired: { readonly state: string | null; readonly slots: number | null };
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
  readonly consumers: number;
  readonly slots: number;
}

/** GET /api/v1/tasks?state=&search=&limit=&offset= — attempts, newest first. */
export interface TaskView {
  readonly attemptId: string;
  readonly dagId: string;
  readonly runId: string;
  readonly taskId: string;
  readonly mapIndex: number;
  readonly tryNumber: number;
  readonly queue: string;
  readonly state: string;
  readonly workerId: string;
  readonly hostname: string;
  readonly pid: number | null;
  readonly queuedAt: string | null;
  readonly startedAt: string;
  readonly endedAt: string | null;
  readonly waitedMs: number | null;
  readonly ranMs: number | null;
  readonly error: string | null;
  readonly progress: { readonly done: number; readonly total: number; readonly note?: string } | null;
}
