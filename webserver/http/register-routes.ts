/** Puts declared routes into Fastify: authentication, permission, same-origin, validation, transaction, audit. */

import { type Readable, Transform } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { AppError } from '#core/errors.ts';
import { includesRole } from '#platform/auth/roles.ts';
import type { Principal } from '#platform/auth/tokens.ts';
import type { Queryable } from '#platform/db/client.ts';
import { insertAuditRow } from '#platform/db/queries/api/insert-audit-row.ts';
import { probe } from '#platform/probes/probe.ts';
import { credentialOf, principalFor } from '../auth/credential.ts';
import { refuseForeignOrigin } from '../auth/same-origin.ts';
import type { AuditSubject, Route, RouteContext, WebDeps } from './route.ts';
import { refuseUnstorable, validate } from './validation.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Of a route that keeps it. */
    rawBody?: () => Buffer;
  }
  interface FastifyContextConfig {
    /** Marks a route as declared through this file. */
    windlass?: Route;
  }
}

/** From here on, registering a route without a permission throws. */
export function denyUndeclaredRoutes(app: FastifyInstance): void {
  app.addHook('onRoute', (options) => {
    const declared = options.config?.windlass;
    if (declared?.permission === undefined)
      throw new Error(`The route ${String(options.method)} ${options.url} declares no permission. Register it through registerRoutes.`);
  });
}

export function registerRoutes(app: FastifyInstance, deps: WebDeps, routes: readonly Route[]): void {
  for (const declared of routes) {
    app.route({
      method: declared.method,
      url: declared.url,
      // HEAD twins of SSE streams would never end.
      exposeHeadRoute: false,
      config: {
        windlass: declared,
        ...(declared.rateLimitPerMinute && { rateLimit: { max: declared.rateLimitPerMinute, timeWindow: 60_000 } }),
      },
      // Before the body is parsed: a stranger gets to send no body at all.
      onRequest: async (request) => {
        refuseForeignOrigin(request, declared);
        request.principal = await authorise(deps, declared, request);
        probe('api.after_auth');
      },
      ...(declared.keepsRawBody && { preParsing: keepRawBody }),
      handler: (request, reply) => answer(deps, declared, request, reply),
    });
  }
}

/** Bytes are kept on their way to the parser, which enforces the limit of the body. */
async function keepRawBody(request: FastifyRequest, _reply: FastifyReply, payload: Readable): Promise<Readable> {
  const chunks: Buffer[] = [];
  request.rawBody = () => Buffer.concat(chunks);
  const keep = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      chunks.push(chunk);
      done(null, chunk);
    },
  });
  payload.once('error', (error) => keep.destroy(error));
  return payload.pipe(keep);
}

async function authorise(deps: WebDeps, declared: Route, request: FastifyRequest): Promise<Principal | null> {
  if (declared.permission === 'public') return null;
  const credential = credentialOf(request);
  const principal = credential === null ? null : await principalFor(deps.db, credential);
  if (principal === null)
    throw new AppError('UNAUTHORIZED', credential === null ? 'Not authenticated' : 'Invalid or expired token. Log in again.');
  if (!includesRole(principal.role, declared.permission))
    throw new AppError(
      'FORBIDDEN',
      `Forbidden: this needs the role ${declared.permission}, and ${principal.username} has ${principal.role}.`,
    );
  return principal;
}

async function answer(deps: WebDeps, declared: Route, request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
  refuseOtherContentTypes(declared, request);
  for (const [place, value] of [
    ['path', request.params],
    ['query', request.query],
    ['body', request.body],
  ] as const)
    refuseUnstorable(place, value);
  const input = {
    params: declared.params ? validate('path', declared.params, request.params) : request.params,
    query: declared.query ? validate('query', declared.query, request.query) : {},
    body: declared.body ? validate('body', declared.body, request.body) : undefined,
  };
  const commits: (() => void)[] = [];
  const run = async (db: Queryable): Promise<unknown> => {
    commits.length = 0;
    let subject: AuditSubject | null = null;
    const context: RouteContext<unknown, unknown, unknown> = {
      ...input,
      principal: request.principal,
      db,
      request,
      reply,
      afterCommit: (work) => commits.push(work),
      audit: (given) => {
        subject = given;
      },
    };
    const value = await declared.handle(context);
    if (declared.audit && subject !== null) await insertAuditRow(db, auditRow(declared.audit, subject, request));
    if (declared.audit) probe('api.before_commit');
    return value;
  };
  const value = declared.audit
    ? await deps.db.transaction(declared.audit, run)
    : await run(declared.isReserved ? deps.db.reserved : deps.db);
  if (declared.audit) probe('api.after_commit_before_response');
  for (const work of commits) work();
  if (value === undefined && declared.status !== 204) return reply;
  if (!reply.sent && reply.statusCode === 200) reply.code(declared.status ?? 200);
  return declared.status === 204 ? reply.send() : value;
}

function auditRow(action: string, subject: AuditSubject, request: FastifyRequest) {
  return {
    actor: request.principal?.username ?? 'anonymous',
    action,
    dagId: subject.dagId ?? null,
    runId: subject.runId ?? null,
    taskId: subject.taskId ?? null,
    mapIndex: subject.mapIndex ?? null,
    requestId: request.id,
    extra: { ...subject.extra, ip: request.ip },
  };
}

/** The content type is fixed per route, so that no parser sees what it was not meant for. */
function refuseOtherContentTypes(declared: Route, request: FastifyRequest): void {
  const given = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  if (!declared.body || given === undefined) return;
  if (given !== 'application/json' && !declared.accepts?.includes(given)) {
    const error = new Error('unsupported content type') as Error & { code: string };
    error.code = 'FST_ERR_CTP_INVALID_MEDIA_TYPE';
    throw error;
  }
}
