import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { AppError } from '#core/errors.ts';
import { control } from '../api/answers.ts';
import type { ControlVerb } from '../api/types.ts';
import { type ControlDeps, controlWorker, DESIRED_STATES, type DesiredState } from '../control-worker.ts';
import type { Description } from '../http/describe.ts';
import { readWith } from '../http/read-query.ts';
import { workerPath } from './read-routes.ts';

/** More than this on one process is a typing mistake: start a second worker instead. */
export const MAX_SLOTS = 512;

const PATCH_BODY = z
  .strictObject({
    state: z.enum(['running', 'paused']).optional(),
    slots: z.int().min(1).max(MAX_SLOTS).optional(),
  })
  .refine((body) => body.state !== undefined || body.slots !== undefined, 'give "state" ("running" or "paused"), "slots", or both');

const SUMMARIES: Readonly<Record<ControlVerb, string>> = {
  pause: 'Take no more tasks; those that run go on.',
  resume: 'Take tasks again.',
  drain: 'Take no more tasks, and stop when the last one has ended.',
  stop: 'Stop now: what runs is handed back.',
};

interface WorkerParams {
  readonly Params: { workerId: string };
}

/** PATCH /api/v1/workers/:id and POST /api/v1/workers/:id/{pause,resume,drain,stop}. */
export function addControlRoutes(app: FastifyInstance, deps: ControlDeps): void {
  const options = (summary: string, more: Partial<Description> = {}) => ({
    config: {
      access: 'control' as const,
      // 202: the wish is written, and the worker has not said yet that it is so.
      describe: { summary, params: workerPath, response: control, otherStatuses: [202], ...more },
    },
  });

  app.patch<WorkerParams>(
    '/api/v1/workers/:workerId',
    options('Change the state or the slots of a worker.', { body: PATCH_BODY }),
    (request, reply) => {
      const body = readWith(PATCH_BODY, request.body, 'body');
      return answer(deps, request, reply, { state: body.state ?? null, slots: body.slots ?? null });
    },
  );

  for (const [verb, state] of Object.entries(DESIRED_STATES) as [ControlVerb, DesiredState][])
    app.post<WorkerParams>(`/api/v1/workers/:workerId/${verb}`, options(SUMMARIES[verb]), (request, reply) =>
      answer(deps, request, reply, { state, slots: null }),
    );
}

async function answer(
  deps: ControlDeps,
  request: FastifyRequest<WorkerParams>,
  reply: FastifyReply,
  wish: { readonly state: DesiredState | null; readonly slots: number | null },
): Promise<FastifyReply> {
  if (request.principal === null) throw new AppError('UNAUTHORIZED', 'You are not logged in.');
  const result = await controlWorker(deps, {
    ...wish,
    workerId: request.params.workerId,
    actor: request.principal.username,
    requestId: request.id,
  });
  return reply.code(result.outcome === 'done' ? 200 : 202).send(result);
}
