import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { AppError } from '#core/errors.ts';
import { includesRole } from '#platform/auth/roles.ts';
import { issueToken, type Principal, revokeToken } from '#platform/auth/tokens.ts';
import { verifyPassword } from '#platform/auth/users.ts';
import type { Config } from '#platform/config/config.ts';
import type { Database } from '#platform/db/client.ts';
import { session } from '../api/answers.ts';
import type { MonitorSession } from '../api/types.ts';
import { CONTROL_ROLE, SESSION_COOKIE, tokenOf } from '../http/guard.ts';
import { readWith } from '../http/read-query.ts';
import { lostAfterMs } from '../worker-status.ts';

const LOGIN_BODY = z.strictObject({ username: z.string().max(128), password: z.string().max(1024) });
const COOKIE = { path: '/', httpOnly: true, sameSite: 'lax' } as const;
/** Guessing passwords is slow: argon2 and this many tries a minute from one address. */
const LOGINS_PER_MINUTE = 20;

export interface SessionDeps {
  readonly config: Config;
  readonly db: Database;
  readonly broker: MonitorSession['broker'];
  readonly version: string;
}

/** GET, POST and DELETE /api/v1/session: who am I, log in, log out. */
export function addSessionRoutes(app: FastifyInstance, deps: SessionDeps): void {
  const { config, db } = deps;
  const describe = ({ username, role }: Principal): MonitorSession => ({
    username,
    role,
    canControl: includesRole(role, CONTROL_ROLE),
    version: deps.version,
    broker: deps.broker,
    webPort: config.webPort,
    lostAfterSeconds: lostAfterMs(config.serviceHeartbeatMs) / 1000,
  });

  app.get('/api/v1/session', { config: { describe: { summary: 'Who is logged in.', response: session } } }, async (request) =>
    describe(request.principal as Principal),
  );

  app.post(
    '/api/v1/session',
    {
      config: {
        access: 'public',
        rateLimit: { max: LOGINS_PER_MINUTE, timeWindow: '1 minute' },
        describe: { summary: 'Log in: sets the session cookie.', body: LOGIN_BODY, response: session },
      },
    },
    async (request, reply) => {
      const { username, password } = readWith(LOGIN_BODY, request.body, 'body');
      const principal = await verifyPassword(db, username, password);
      if (principal === null)
        throw new AppError(
          'UNAUTHORIZED',
          'Wrong username or password. The first password was printed by "npm start"; see: windlass users list',
        );
      const ttlMs = config.sessionTtlMinutes * 60_000;
      const { token } = await issueToken(db, { username: principal.username, kind: 'session', ttlMs });
      return reply.setCookie(SESSION_COOKIE, token, { ...COOKIE, maxAge: ttlMs / 1000 }).send(describe(principal));
    },
  );

  app.delete('/api/v1/session', { config: { describe: { summary: 'Log out.', status: 204 } } }, async (request, reply) => {
    const token = tokenOf(request);
    if (token !== null) await revokeToken(db, token);
    return reply.clearCookie(SESSION_COOKIE, COOKIE).code(204).send();
  });
}
