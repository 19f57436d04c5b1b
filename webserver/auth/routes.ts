/** /auth: tokens for scripts, sessions for browsers. */

import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { AppError } from '#core/errors.ts';
import { issueToken, type Principal, redeemOneTimeToken, revokeToken } from '#platform/auth/tokens.ts';
import { verifyPassword } from '#platform/auth/users.ts';
import type { Queryable } from '#platform/db/client.ts';
import * as adminAnswers from '../api/answers/admin.ts';
import { type Route, route, type WebDeps } from '../http/route.ts';
import { credentialOf, SESSION_COOKIE } from './credential.ts';
import { LoginBackoff } from './login-backoff.ts';

const FORM = 'application/x-www-form-urlencoded';
const LOGINS_PER_MINUTE = 120;

/** Both may be missing here: Airflow answers 400, not 422, to an absent or empty one. */
const credentials = z.strictObject({ username: z.string().max(1000).optional(), password: z.string().max(1000).optional() });
const loginLink = z.object({ token: z.string().max(200).optional() });

export function authRoutes(deps: WebDeps): readonly Route[] {
  const backoff = new LoginBackoff(deps.clock);
  const ttlMs = deps.config.sessionTtlMinutes * 60_000;

  const logIn = async (db: Queryable, given: z.infer<typeof credentials>, request: FastifyRequest): Promise<Principal> => {
    if (!given.username || !given.password) throw new AppError('BAD_REQUEST', 'Username and password must be provided');
    backoff.check(given.username, request.ip);
    const principal = await verifyPassword(db, given.username, given.password);
    if (principal === null) {
      backoff.failed(given.username, request.ip);
      request.log.warn({ event: 'login.failed', request_id: request.id, ip: request.ip }, 'a login failed');
      throw new AppError('UNAUTHORIZED', 'Invalid credentials');
    }
    backoff.succeeded(given.username, request.ip);
    return principal;
  };

  const setCookie = (reply: FastifyReply, request: FastifyRequest, token: string) =>
    reply.setCookie(SESSION_COOKIE, token, { ...cookieOptions(request), maxAge: ttlMs / 1000 });

  return [
    route({
      method: 'POST',
      url: '/auth/token',
      permission: 'public',
      summary: 'A bearer token for username and password (JSON or form).',
      response: adminAnswers.token,
      body: credentials,
      accepts: [FORM],
      rateLimitPerMinute: LOGINS_PER_MINUTE,
      status: 201,
      async handle({ db, body, request }) {
        const principal = await logIn(db, body, request);
        const { token } = await issueToken(db, { username: principal.username, kind: 'api', ttlMs });
        return { access_token: token };
      },
    }),
    route({
      method: 'POST',
      url: '/auth/login',
      permission: 'public',
      summary: "A browser's login: sets the session cookie.",
      response: adminAnswers.session,
      body: credentials,
      rateLimitPerMinute: LOGINS_PER_MINUTE,
      async handle({ db, body, request, reply }) {
        const principal = await logIn(db, body, request);
        // A new token at each login: a session that somebody planted before is not carried on.
        await endSession(db, request);
        const { token } = await issueToken(db, { username: principal.username, kind: 'session', ttlMs });
        setCookie(reply, request, token);
        return { username: principal.username, role: principal.role };
      },
    }),
    route({
      method: 'GET',
      url: '/auth/login',
      permission: 'public',
      summary: 'The one-time link printed at the first start: logs in and goes to the first page.',
      status: 302,
      query: loginLink,
      rateLimitPerMinute: LOGINS_PER_MINUTE,
      async handle({ db, query, request, reply }) {
        if (query.token === undefined) return reply.redirect('/login', 302);
        const principal = await redeemOneTimeToken(db, query.token);
        if (principal === null) return reply.redirect('/login?reason=link-used', 302);
        const { token } = await issueToken(db, { username: principal.username, kind: 'session', ttlMs });
        setCookie(reply, request, token);
        return reply.redirect('/', 302);
      },
    }),
    route({
      method: 'POST',
      url: '/auth/logout',
      permission: 'public',
      summary: 'Ends the session on the server and clears the cookie.',
      status: 204,
      async handle({ db, request, reply }) {
        await endSession(db, request);
        reply.clearCookie(SESSION_COOKIE, cookieOptions(request));
      },
    }),
  ];
}

async function endSession(db: Queryable, request: FastifyRequest): Promise<void> {
  const credential = credentialOf(request);
  if (credential) await revokeToken(db, credential.token);
}

function cookieOptions(request: FastifyRequest) {
  return { httpOnly: true, sameSite: 'lax', path: '/', secure: request.protocol === 'https' } as const;
}
