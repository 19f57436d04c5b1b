/** Rows of the database, said in the words of the monitor's API. */
import type { QueueDepth } from '#platform/broker/broker.ts';
import type { AttemptRow } from '#platform/db/queries/monitor/attempt-row.ts';
import type { ProcessRow } from '#platform/db/queries/monitor/count-processes.ts';
import type { QueueRow } from '#platform/db/queries/monitor/list-queues.ts';
import type { WorkerRow } from '#platform/db/queries/monitor/list-workers.ts';
import type { ProcessView, QueueView, TaskView, WorkerView } from './api/types.ts';
import { workerStatus } from './worker-status.ts';

/** Describes one attempt or waiting instance. */
export function taskView(row: AttemptRow): TaskView {
  return {
    attemptId: row.attempt_id,
    dagId: row.dag_id,
    runId: row.run_id,
    taskId: row.task_id,
    mapIndex: row.map_index,
    mapLabel: row.map_label,
    tryNumber: row.try_number,
    maxTries: row.max_tries,
    operator: row.operator,
    pool: row.pool,
    queue: row.queue,
    state: row.state,
    reason: row.reason,
    workerId: row.worker_id,
    hostname: row.hostname,
    pid: row.pid,
    queuedAt: iso(row.queued_at),
    startedAt: iso(row.claimed_at),
    endedAt: iso(row.ended_at),
    waitedMs: whole(row.waited_ms),
    ranMs: whole(row.ran_ms),
    error: row.error_text === '' ? null : row.error_text,
    errorStack: row.error_stack,
    progress: row.progress,
  };
}

/** Describes one worker; `tasks` are the attempts it runs now, `silenceMs` is how long it may be silent. */
export function workerView(row: WorkerRow, tasks: readonly TaskView[], silenceMs: number): WorkerView {
  return {
    workerId: row.service_id,
    hostname: row.hostname,
    pid: row.pid,
    version: row.version,
    status: workerStatus({ stopped: row.stopped_at !== null, heartbeatAgeMs: row.heartbeat_age_ms, state: row.state }, silenceMs),
    queues: row.queues ?? [],
    slots: row.slots ?? 0,
    running: row.running ?? 0,
    processed: row.processed ?? 0,
    failed: row.failed ?? 0,
    startedAt: row.started_at.toISOString(),
    stoppedAt: iso(row.stopped_at),
    lastHeartbeatAt: row.last_heartbeat_at.toISOString(),
    heartbeatAgeSeconds: seconds(row.heartbeat_age_ms),
    info: infoView(row.info),
    desired: { state: row.desired_state, slots: row.desired_slots },
    tasks,
  };
}

const INFO_NUMBERS = ['rssBytes', 'cpuPercent', 'eventLoopLagMs', 'taskProcesses'] as const;

/** Takes only what is known and has the right type: the column is free-form. */
function infoView(info: Readonly<Record<string, unknown>>): WorkerView['info'] {
  const numbers = INFO_NUMBERS.filter((name) => Number.isFinite(info[name])).map((name) => [name, info[name]]);
  const node = typeof info['nodeVersion'] === 'string' ? { nodeVersion: info['nodeVersion'] } : {};
  return { ...(Object.fromEntries(numbers) as WorkerView['info']), ...node };
}

/** Describes one kind of process. */
export function processView(row: ProcessRow): ProcessView {
  return {
    kind: row.kind,
    online: row.online,
    lost: row.lost,
    heartbeatAgeSeconds: seconds(row.youngest_age_ms),
    ...(row.waiters && { waiters: row.waiters }),
  };
}

/**
 * Joins the three that know something of a queue: Postgres (waiting, running), the workers that listen, and
 * the broker. Queues where work waits and nobody listens come first, then by name.
 */
export function queueViews(rows: readonly QueueRow[], workers: readonly WorkerView[], depths: readonly QueueDepth[]): readonly QueueView[] {
  const takers = workers.filter((worker) => worker.status === 'online');
  const names = new Set([...rows.map((row) => row.queue), ...takers.flatMap((worker) => worker.queues)]);
  const views = [...names].map((queue): QueueView => {
    const row = rows.find((candidate) => candidate.queue === queue);
    const depth = depths.find((candidate) => candidate.queue === queue);
    const listeners = takers.filter((worker) => worker.queues.includes(queue));
    return {
      queue,
      queued: row?.queued ?? 0,
      running: row?.running ?? 0,
      brokerWaiting: depth?.waiting ?? 0,
      brokerActive: depth?.active ?? 0,
      oldestQueuedSeconds: row?.oldest_queued_seconds ?? null,
      consumers: listeners.length,
      haltedConsumers: workers.filter((worker) => isHalted(worker) && worker.queues.includes(queue)).length,
      slots: listeners.reduce((sum, worker) => sum + worker.slots, 0),
    };
  });
  const isStuck = (view: QueueView) => view.queued > 0 && view.consumers === 0;
  return views.sort((a, b) => Number(isStuck(b)) - Number(isStuck(a)) || a.queue.localeCompare(b.queue));
}

function isHalted(worker: WorkerView): boolean {
  return worker.status === 'paused' || worker.status === 'draining';
}

function iso(instant: Date | null): string | null {
  return instant === null ? null : instant.toISOString();
}

function whole(ms: number | null): number | null {
  return ms === null ? null : Math.round(ms);
}

function seconds(ms: number): number {
  return Math.round(ms) / 1000;
}
