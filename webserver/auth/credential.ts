/** Finds the token of a request: the Authorization header, else the cookie of a browser's session. */
import type { FastifyRequest } from 'fastify';
import { authenticateToken, type Principal } from '#platform/auth/tokens.ts';
import type { Queryable } from '#platform/db/client.ts';

/** Airflow's name for the cookie. */
export const SESSION_COOKIE = '_token';

export interface Credential {
  readonly token: string;
  readonly from: 'bearer' | 'cookie';
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Set for routes above `public`. */
    principal: Principal | null;
  }
}

/** A given Authorization header wins even when it is wrong: the cookie must not lend its rights to it. */
export function credentialOf(request: FastifyRequest): Credential | null {
  const header = request.headers.authorization;
  if (header !== undefined) {
    const match = /^Bearer +(\S+)$/i.exec(header);
    return { token: match?.[1] ?? '', from: 'bearer' };
  }
  const cookie = request.cookies[SESSION_COOKIE];
  return cookie === undefined || cookie === '' ? null : { token: cookie, from: 'cookie' };
}

export function principalFor(db: Queryable, credential: Credential): Promise<Principal | null> {
  return authenticateToken(db, credential.token);
}
