import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { AppError } from '#core/errors.ts';
import type { Database } from '#platform/db/client.ts';
import * as answers from '../api/answers.ts';
import type { WorkerView } from '../api/types.ts';
import type { Description } from '../http/describe.ts';
import { readWith } from '../http/read-query.ts';
import { listTasks } from '../reads/list-tasks.ts';
import type { MonitorReads } from '../reads/monitor-reads.ts';

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 500;
/** Far pages cost a walk over all before them. */
const MAX_OFFSET = 20_000;

/** The router bounds an id's length by itself. */
export const workerPath = z.object({ workerId: z.string() });

const TASK_QUERY = z.object({
  state: z.string().max(40).default(''),
  search: z.string().default(''),
  worker: z.string().max(250).default(''),
  limit: z.coerce.number().int().min(1).max(MAX_LIMIT).default(DEFAULT_LIMIT),
  offset: z.coerce.number().int().min(0).max(MAX_OFFSET).default(0),
});

const described = (describe: Description) => ({ config: { describe } });
const OVERVIEW = described({ summary: 'Workers, slots, tasks and throughput.', response: answers.overview });
const WORKERS = described({ summary: 'All workers, with what they run.', response: answers.workers });
const WORKER = described({ summary: 'One worker.', params: workerPath, response: answers.worker });
const QUEUES = described({ summary: 'All queues, those that nobody serves first.', response: answers.queues });
const TASKS = described({ summary: 'Attempts, newest first; of what waits, oldest first.', query: TASK_QUERY, response: answers.taskPage });

/** GET /api/v1/overview, /workers, /workers/:id, /queues, /tasks. */
export function addReadRoutes(app: FastifyInstance, db: Database, reads: MonitorReads): void {
  app.get('/api/v1/overview', OVERVIEW, () => reads.overview());
  app.get('/api/v1/workers', WORKERS, () => reads.workers());
  app.get<{ Params: { workerId: string } }>('/api/v1/workers/:workerId', WORKER, (request) => findWorker(reads, request.params.workerId));
  app.get('/api/v1/queues', QUEUES, () => reads.queues());
  app.get('/api/v1/tasks', TASKS, (request) => listTasks(db, reads, readWith(TASK_QUERY, request.query, 'query')));
}

async function findWorker(reads: MonitorReads, workerId: string): Promise<WorkerView> {
  const worker = await reads.worker(workerId);
  if (worker) return worker;
  throw new AppError('NOT_FOUND', `There is no worker ${JSON.stringify(workerId)}. See GET /api/v1/workers.`);
}
