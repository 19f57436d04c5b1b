/**
 * The guard against cross-site requests (CSRF). A browser sends our cookie by itself, so a request that relies
 * on it and changes something must prove that our own page made it. Requests with a bearer token are exempt:
 * no browser adds one by itself.
 */
import type { FastifyRequest } from 'fastify';
import { AppError } from '#core/errors.ts';
import type { Route } from '../http/route.ts';
import { credentialOf } from './credential.ts';

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Throws FORBIDDEN when the request comes from another site's page. */
export function refuseForeignOrigin(request: FastifyRequest, declared: Route): void {
  const credential = credentialOf(request);
  if (credential?.from === 'bearer') return;
  // Nobody is logged in: that is the answer, wherever the request comes from.
  if (credential === null && declared.permission !== 'public') return;
  const site = request.headers['sec-fetch-site'];
  const isNavigation = request.headers['sec-fetch-mode'] === 'navigate';
  if (SAFE_METHODS.has(request.method)) {
    // Following a link from elsewhere is fine; reading our data from a foreign page (or opening a stream) is not.
    if (site === 'cross-site' && !isNavigation && declared.permission !== 'public') throw foreignOrigin();
    return;
  }
  if (site !== undefined) {
    if (site === 'same-origin' || site === 'none') return;
    throw foreignOrigin();
  }
  const origin = request.headers.origin;
  if (origin !== undefined) {
    if (URL.canParse(origin) && new URL(origin).host === request.headers.host) return;
    throw foreignOrigin();
  }
  // Neither header: no browser of today. A script may log in so, but not act with a cookie.
  if (declared.permission !== 'public') throw foreignOrigin();
}

function foreignOrigin(): AppError {
  return new AppError(
    'FORBIDDEN',
    'Refused: with a cookie, changes are accepted only from this site itself (Origin or Sec-Fetch-Site). Scripts send Authorization: Bearer <token> instead.',
  );
}
