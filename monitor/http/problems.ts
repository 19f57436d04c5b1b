import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { AppError, type ErrorCode, isAppError } from '#core/errors.ts';
import { nextStep } from '#platform/api/problem.ts';
import { isDatabaseFailure } from '#platform/db/errors.ts';
import type { Problem } from '../api/types.ts';

/** Answers every failure as problem+json with a code and a request id, never with a stack. */
export function answerProblems(app: FastifyInstance): void {
  app.setErrorHandler<FastifyError>((error, request, reply) => sendProblem(toAppError(error, request), request, reply));
}

/** Sends one problem. */
export function sendProblem(error: AppError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const problem: Problem = {
    title: error.code.toLowerCase().replaceAll('_', ' '),
    status: error.http,
    detail: error.message,
    code: error.code,
    next: nextStep(error.http),
    requestId: request.id,
  };
  return reply.code(error.http).type('application/problem+json').send(problem);
}

function toAppError(error: FastifyError, request: FastifyRequest): AppError {
  if (isAppError(error)) return error;
  if (isDatabaseFailure(error, 'connection') || isDatabaseFailure(error, 'statement_timeout'))
    return new AppError('DATABASE_UNAVAILABLE', 'The database does not answer. The page tries again by itself.');
  const code = CODE_BY_STATUS[error.statusCode ?? 500];
  if (code) return new AppError(code, error.message);
  request.log.error({ event: 'request.failed', err: error, request_id: request.id }, 'a request failed unexpectedly');
  return new AppError('INTERNAL', `Something went wrong here. The monitor's log has it under request ${request.id}.`);
}

/** What Fastify and its plugins throw themselves. */
const CODE_BY_STATUS: Readonly<Record<number, ErrorCode>> = {
  400: 'BAD_REQUEST',
  // A folder instead of a file, as the static files' plugin puts it.
  403: 'NOT_FOUND',
  404: 'NOT_FOUND',
  413: 'BAD_REQUEST',
  415: 'BAD_REQUEST',
  429: 'TOO_MANY_REQUESTS',
};
