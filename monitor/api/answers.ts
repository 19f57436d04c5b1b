/** What the monitor's API answers, for its OpenAPI document; the types of ./types.ts are what its pages read. */
import { z } from 'zod';
import type { ControlResult, MonitorSession, Overview, QueueView, TaskPage, TaskView, WorkerView } from './types.ts';

const text = z.string();
const count = z.int();
const instant = z.string().meta({ format: 'date-time' });

export const session: z.ZodType<MonitorSession> = z.strictObject({
  username: text,
  role: z.enum(['admin', 'op', 'user', 'viewer']),
  canControl: z.boolean(),
  version: text,
  broker: z.enum(['redis', 'postgres']),
  webPort: count,
  lostAfterSeconds: z.number(),
});

export const overview: z.ZodType<Overview> = z.strictObject({
  at: instant,
  workers: z.strictObject({ online: count, paused: count, draining: count, lost: count }),
  slots: z.strictObject({ used: count, total: count }),
  tasks: z.strictObject({ running: count, queued: count, succeededLastHour: count, failedLastHour: count }),
  oldestQueuedSeconds: z.number().nullable(),
  throughput: z.array(z.strictObject({ at: instant, succeeded: count, failed: count })),
  broker: z.strictObject({ kind: z.enum(['redis', 'postgres']), version: text, warnings: z.array(text) }),
  processes: z.array(
    z.strictObject({ kind: text, online: count, lost: count, heartbeatAgeSeconds: z.number(), waiters: z.array(count).exactOptional() }),
  ),
});

const task: z.ZodType<TaskView> = z
  .strictObject({
    attemptId: text,
    dagId: text,
    runId: text,
    taskId: text,
    mapIndex: count,
    mapLabel: text.nullable(),
    tryNumber: count,
    maxTries: count,
    operator: text,
    pool: text,
    queue: text,
    state: text,
    reason: text.nullable(),
    workerId: text,
    hostname: text,
    pid: count.nullable(),
    queuedAt: instant.nullable(),
    startedAt: instant.nullable(),
    endedAt: instant.nullable(),
    waitedMs: z.number().nullable(),
    ranMs: z.number().nullable(),
    error: text.nullable(),
    errorStack: text.nullable(),
    progress: z.strictObject({ done: z.number(), total: z.number(), note: text.exactOptional() }).nullable(),
  })
  .meta({ id: 'MonitorTask' });

export const taskPage: z.ZodType<TaskPage> = z.strictObject({
  tasks: z.array(task),
  hasMore: z.boolean(),
  counts: z.record(text, count),
  searchedAttempts: count,
});

export const worker: z.ZodType<WorkerView> = z
  .strictObject({
    workerId: text,
    hostname: text,
    pid: count,
    version: text,
    status: z.enum(['online', 'paused', 'draining', 'lost', 'stopped']),
    queues: z.array(text),
    slots: count,
    running: count,
    processed: count,
    failed: count,
    startedAt: instant,
    stoppedAt: instant.nullable(),
    lastHeartbeatAt: instant,
    heartbeatAgeSeconds: z.number(),
    info: z.strictObject({
      rssBytes: z.number().exactOptional(),
      cpuPercent: z.number().exactOptional(),
      eventLoopLagMs: z.number().exactOptional(),
      nodeVersion: text.exactOptional(),
      taskProcesses: z.number().exactOptional(),
    }),
    desired: z.strictObject({ state: text.nullable(), slots: count.nullable() }),
    tasks: z.array(task),
  })
  .meta({ id: 'MonitorWorker' });
export const workers = z.array(worker);

export const queues: z.ZodType<readonly QueueView[]> = z.array(
  z.strictObject({
    queue: text,
    queued: count,
    running: count,
    brokerWaiting: count,
    brokerActive: count,
    oldestQueuedSeconds: z.number().nullable(),
    consumers: count,
    haltedConsumers: count,
    slots: count,
  }),
);

export const control: z.ZodType<ControlResult> = z.strictObject({
  outcome: z.enum(['done', 'accepted', 'no_answer']),
  message: text,
  tookMs: z.number(),
  worker,
});

export const healthy = z.strictObject({ status: z.literal('healthy') });

const unixSeconds = z.number().nullable();
const flowerTask = z
  .strictObject({
    uuid: text,
    name: text,
    state: text,
    kwargs: text,
    received: unixSeconds,
    started: unixSeconds,
    succeeded: unixSeconds,
    failed: unixSeconds,
    runtime: z.number().nullable(),
    exception: text.nullable(),
    retries: count,
    routing_key: text,
    worker: text.nullable(),
  })
  .meta({ id: 'FlowerTask' });
export const flowerTasks = z.record(text, flowerTask);
export const flowerWorkers = z.record(
  text,
  z.strictObject({
    status: z.boolean(),
    timestamp: unixSeconds,
    active_queues: z.array(z.strictObject({ name: text })),
    active: z.array(flowerTask),
    stats: z.strictObject({
      pid: count,
      pool: z.strictObject({ 'max-concurrency': count }),
      total: z.strictObject({ processed: count, failed: count }),
    }),
  }),
);
export const flowerQueues = z.strictObject({ active_queues: z.array(z.strictObject({ name: text, messages: count })) });
