/** The reads of Flower's API that scripts and autoscalers use, in Flower's own shapes. */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Database } from '#platform/db/client.ts';
import * as answers from '../api/answers.ts';
import type { TaskView, WorkerView } from '../api/types.ts';
import { readWith } from '../http/read-query.ts';
import { listTasks } from '../reads/list-tasks.ts';
import type { MonitorReads } from '../reads/monitor-reads.ts';

const TASKS_QUERY = z.object({
  limit: z.coerce.number().int().min(1).max(500).default(100),
  offset: z.coerce.number().int().min(0).max(20_000).default(0),
  state: z.string().max(40).default(''),
  workername: z.string().max(250).default(''),
  search: z.string().default(''),
});

/** Celery's words for the states of a task. */
const FLOWER_STATES: Readonly<Record<string, string>> = {
  queued: 'RECEIVED',
  running: 'STARTED',
  success: 'SUCCESS',
  failed: 'FAILURE',
  lost: 'FAILURE',
  killed: 'REVOKED',
};

const WORKERS = { config: { describe: { summary: "All workers, in Flower's form.", response: answers.flowerWorkers } } };
const QUEUES = { config: { describe: { summary: "Lengths of queues, in Flower's form.", response: answers.flowerQueues } } };
const TASKS = { config: { describe: { summary: "Attempts, in Flower's form.", query: TASKS_QUERY, response: answers.flowerTasks } } };

/** GET /api/workers, /api/tasks, /api/queues/length. */
export function addFlowerRoutes(app: FastifyInstance, db: Database, reads: MonitorReads): void {
  app.get('/api/workers', WORKERS, async () =>
    Object.fromEntries((await reads.workers()).map((worker) => [worker.workerId, flowerWorker(worker)])),
  );
  app.get('/api/queues/length', QUEUES, async () => ({
    active_queues: (await reads.queues()).map((queue) => ({ name: queue.queue, messages: queue.queued })),
  }));
  app.get('/api/tasks', TASKS, async (request) => {
    const { workername, state, ...query } = readWith(TASKS_QUERY, request.query, 'query');
    const own = Object.keys(FLOWER_STATES).find((name) => FLOWER_STATES[name] === state.toUpperCase()) ?? state;
    const page = await listTasks(db, reads, { ...query, state: own, worker: workername });
    return Object.fromEntries(page.tasks.map((task) => [task.attemptId, flowerTask(task)]));
  });
}

function flowerWorker(worker: WorkerView) {
  return {
    status: worker.status !== 'lost' && worker.status !== 'stopped',
    timestamp: unixSeconds(worker.lastHeartbeatAt),
    active_queues: worker.queues.map((name) => ({ name })),
    active: worker.tasks.map(flowerTask),
    stats: { pid: worker.pid, pool: { 'max-concurrency': worker.slots }, total: { processed: worker.processed, failed: worker.failed } },
  };
}

function flowerTask(task: TaskView) {
  const state = FLOWER_STATES[task.state] ?? task.state.toUpperCase();
  const endedAt = unixSeconds(task.endedAt);
  return {
    uuid: task.attemptId,
    name: `${task.dagId}.${task.taskId}`,
    state,
    kwargs: JSON.stringify({ run_id: task.runId, map_index: task.mapIndex }),
    received: unixSeconds(task.queuedAt),
    started: unixSeconds(task.startedAt),
    succeeded: state === 'SUCCESS' ? endedAt : null,
    failed: state === 'FAILURE' ? endedAt : null,
    runtime: task.endedAt === null || task.ranMs === null ? null : task.ranMs / 1000,
    exception: task.error,
    retries: Math.max(0, task.tryNumber - 1),
    routing_key: task.queue,
    worker: task.workerId === '' ? null : task.workerId,
  };
}

function unixSeconds(instant: string | null): number | null {
  return instant === null ? null : new Date(instant).getTime() / 1000;
}
