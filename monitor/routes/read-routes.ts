import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { AppError } from '#core/errors.ts';
import type { Database } from '#platform/db/client.ts';
import type { WorkerView } from '../api/types.ts';
import { readWith } from '../http/read-query.ts';
import { listTasks } from '../reads/list-tasks.ts';
import type { MonitorReads } from '../reads/monitor-reads.ts';

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 500;
/** Far pages cost a walk over all before them. */
const MAX_OFFSET = 20_000;

const TASK_QUERY = z.object({
  state: z.string().max(40).default(''),
  search: z.string().default(''),
  worker: z.string().max(250).default(''),
  limit: z.coerce.number().int().min(1).max(MAX_LIMIT).default(DEFAULT_LIMIT),
  offset: z.coerce.number().int().min(0).max(MAX_OFFSET).default(0),
});

/** GET /api/v1/overview, /workers, /workers/:id, /queues, /tasks. */
export function addReadRoutes(app: FastifyInstance, db: Database, reads: MonitorReads): void {
  app.get('/api/v1/overview', () => reads.overview());
  app.get('/api/v1/workers', () => reads.workers());
  app.get<{ Params: { workerId: string } }>('/api/v1/workers/:workerId', (request) => findWorker(reads, request.params.workerId));
  app.get('/api/v1/queues', () => reads.queues());
  app.get('/api/v1/tasks', (request) => listTasks(db, reads, readWith(TASK_QUERY, request.query, 'query')));
}

async function findWorker(reads: MonitorReads, workerId: string): Promise<WorkerView> {
  const worker = await reads.worker(workerId);
  if (worker) return worker;
  throw new AppError('NOT_FOUND', `There is no worker ${JSON.stringify(workerId)}. See GET /api/v1/workers.`);
}
