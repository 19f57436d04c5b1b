/**
 * Error answers in Airflow's shape: `{"detail": text}`, and for 422 `{"detail": [{loc, msg, type}]}`; beside it a code
 * and the next step. Nothing of the inside (stack, SQL, path) is ever sent; the request id leads to the server's log.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type ErrorCode, isAppError } from '#core/errors.ts';
import { codeOfStatus, nextStep } from '#platform/api/problem.ts';
import { isDatabaseFailure } from '#platform/db/errors.ts';
import { type FieldProblem, RequestInvalid } from './validation.ts';

export interface Problem {
  readonly status: number;
  /** Without one: what the status stands for. */
  readonly code?: ErrorCode;
  readonly detail: string | readonly FieldProblem[] | Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Thrown by handlers whose answer's detail is an object or needs a header. */
export class ProblemError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(typeof problem.detail === 'string' ? problem.detail : `status ${problem.status}`);
    this.name = 'ProblemError';
    this.problem = problem;
  }
}

/** Its parser takes no names that would change what every object is made from, and does not say which of both it was. */
const NO_JSON = 'JSON decode error: the body must be JSON, and no field may be named __proto__ or be a constructor with a prototype';

/** Fastify's own refusals, in our words. Its codes are stable. */
const FASTIFY_ERRORS: Readonly<Record<string, Problem>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: { status: 413, detail: 'The body is larger than this route allows. Send less.' },
  FST_ERR_CTP_INVALID_MEDIA_TYPE: { status: 415, detail: 'This content type is not supported here. Send application/json.' },
  FST_ERR_CTP_EMPTY_JSON_BODY: { status: 422, detail: [{ loc: ['body'], msg: 'Field required', type: 'missing' }] },
  FST_ERR_CTP_INVALID_JSON_BODY: { status: 422, detail: [{ loc: ['body'], msg: NO_JSON, type: 'json_invalid' }] },
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: { status: 400, detail: 'The Content-Length header does not fit the body.' },
};

export function problemOf(error: unknown): Problem {
  if (error instanceof ProblemError) return error.problem;
  if (error instanceof RequestInvalid) return { status: 422, detail: error.problems };
  if (isAppError(error))
    return {
      status: error.http,
      code: error.code,
      detail: error.http >= 500 && error.code === 'INTERNAL' ? 'Internal Server Error' : error.message,
      headers: {
        ...(error.http === 401 && { 'www-authenticate': 'Bearer' }),
        ...(typeof error.details['retryAfterSeconds'] === 'number' && { 'retry-after': String(error.details['retryAfterSeconds']) }),
      },
    };
  if (isDatabaseFailure(error)) {
    if (error.kind === 'connection')
      return { status: 503, detail: 'The database cannot be reached right now. Try again in a moment.', headers: { 'retry-after': '5' } };
    if (error.kind === 'disk_full' || error.kind === 'read_only')
      return { status: 503, detail: 'The database takes no writes right now. Try again in a moment.', headers: { 'retry-after': '5' } };
    if (error.kind === 'unique_violation') return uniqueViolation();
    if (error.kind === 'statement_timeout' || error.kind === 'lock_timeout' || error.kind === 'serialization')
      return { status: 503, detail: 'The database is too busy right now. Try again in a moment.', headers: { 'retry-after': '5' } };
  }
  const known = error as { code?: string; statusCode?: number; message?: string };
  const named = known.code === undefined ? undefined : FASTIFY_ERRORS[known.code];
  if (named) return named;
  if (error instanceof SyntaxError && known.statusCode === 400)
    return { status: 422, detail: [{ loc: ['body'], msg: NO_JSON, type: 'json_invalid' }] };
  if (known.statusCode === 429) return { status: 429, detail: known.message ?? 'Too many requests. Try again in a minute.' };
  if (known.statusCode !== undefined && known.statusCode >= 400 && known.statusCode < 500)
    return { status: known.statusCode, detail: 'The request was not understood.' };
  return { status: 500, detail: 'Internal Server Error' };
}

/** Airflow's answer to a broken unique key, as it is with stack traces hidden. */
export function uniqueViolation(message?: string): Problem {
  return {
    status: 409,
    detail: {
      reason: 'Unique constraint violation',
      statement: 'hidden',
      orig_error: 'hidden',
      message: message ?? 'There is an object with this key already. Choose another key, or change the existing object with PATCH.',
    },
  };
}

export function sendProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const problem = problemOf(error);
  if (problem.status >= 500)
    request.log.error(
      { event: 'request.failed', request_id: request.id, method: request.method, url: request.routeOptions.url, err: error },
      'request failed',
    );
  for (const [name, value] of Object.entries(problem.headers ?? {})) reply.header(name, value);
  reply.code(problem.status).type('application/json').send(problemText(problem));
}

/** The body of a refusal. */
export function problemText({ status, code, detail }: Problem): string {
  return JSON.stringify({ detail, code: code ?? codeOfStatus(status), next: nextStep(status) });
}
