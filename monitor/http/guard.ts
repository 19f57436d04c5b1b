/**
 * Who may do what on 5555. The users, tokens and the cookie are those of 8080: cookies do not know ports, so
 * a login there counts here. Everybody who is logged in may look; op and admin may control.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { AppError } from '#core/errors.ts';
import { includesRole, type Role } from '#platform/auth/roles.ts';
import { authenticateToken, type Principal } from '#platform/auth/tokens.ts';
import type { Database } from '#platform/db/client.ts';

/** Name of the session cookie, shared with the web server. */
export const SESSION_COOKIE = '_token';
/** The weakest role that may control workers. */
export const CONTROL_ROLE: Role = 'op';

export type Access = 'public' | 'loopback' | 'read' | 'control';

declare module 'fastify' {
  interface FastifyRequest {
    principal: Principal | null;
  }
  interface FastifyContextConfig {
    /** Who may call the route; see guardRoutes for what holds without it. */
    access?: Access;
  }
}

const LOOPBACK = new Set(['127.0.0.1', '::1', '::ffff:127.0.0.1']);
const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Checks each request before its handler. Routes of the API that say no `access` need a login; pages and their files do not. */
export function guardRoutes(app: FastifyInstance, db: Database): void {
  app.decorateRequest('principal', null);
  app.addHook('preHandler', async (request) => refuseUnstorableNames(request));
  app.addHook('onRequest', async (request) => {
    const access = request.routeOptions.config.access ?? accessByPath(request);
    if (!SAFE_METHODS.has(request.method)) refuseOtherSites(request);
    if (access === 'public') return;
    request.principal = await readPrincipal(request, db);
    if (access === 'loopback' && isLoopback(request)) return;
    if (request.principal === null)
      throw new AppError('UNAUTHORIZED', 'You are not logged in. Log in here or on the web UI, or send a token.');
    if (access === 'control' && !includesRole(request.principal.role, CONTROL_ROLE))
      throw new AppError(
        'FORBIDDEN',
        `${request.principal.username} is a ${request.principal.role} and may only look. Controlling workers needs the role op or admin.`,
      );
  });
}

/** Names that nothing can have: Postgres refuses to be asked for them. */
function refuseUnstorableNames({ params, query }: FastifyRequest): void {
  for (const name of [...Object.values(params ?? {}), ...Object.values(query ?? {})].flat())
    if (typeof name === 'string' && (name.includes('\0') || !name.isWellFormed()))
      throw new AppError('BAD_REQUEST', 'An address must not hold NUL characters or lone surrogates.');
}

/** By the route's own pattern, not by what was typed: `//api/…` matches no route of the API and shows a page. */
function accessByPath(request: FastifyRequest): Access {
  return request.routeOptions.url?.startsWith('/api/') === true ? 'read' : 'public';
}

/** The token of the request: a bearer token first, then the cookie; null when it has none. */
export function tokenOf(request: FastifyRequest): string | null {
  const header = request.headers.authorization;
  if (header !== undefined) return /^Bearer\s+(\S+)$/i.exec(header)?.[1] ?? null;
  return request.cookies[SESSION_COOKIE] ?? null;
}

async function readPrincipal(request: FastifyRequest, db: Database): Promise<Principal | null> {
  const token = tokenOf(request);
  return token === null ? null : authenticateToken(db, token);
}

/**
 * A browser sends the cookie along from any page, so a changing request that comes with one must come from a
 * page of ours. Clients with a bearer token are no browsers and have no origin to compare.
 */
function refuseOtherSites(request: FastifyRequest): void {
  if (request.headers.authorization !== undefined) return;
  const origin = request.headers.origin;
  const site = request.headers['sec-fetch-site'];
  const isForeign = origin !== undefined ? hostOf(origin) !== request.headers.host : site !== undefined && site !== 'same-origin';
  if (isForeign) throw new AppError('FORBIDDEN', 'This request comes from a page of another site and was refused. Use the monitor itself.');
}

function hostOf(origin: string): string | null {
  return URL.canParse(origin) ? new URL(origin).host : null;
}

/** A request through a proxy on this machine comes from elsewhere. */
function isLoopback(request: FastifyRequest): boolean {
  return LOOPBACK.has(request.ip) && request.headers['x-forwarded-for'] === undefined && request.headers.forwarded === undefined;
}
