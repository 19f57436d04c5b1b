/** GET /ui/api/stream: says which topics changed; a page refetches what it shows. */
import type { FastifyRequest } from 'fastify';
import { credentialOf, principalFor } from '../auth/credential.ts';
import { type Route, route, type WebDeps } from '../http/route.ts';
import { openSse } from '../streams/sse.ts';
import type { UiEvents } from '../streams/ui-events.ts';

export function streamRoutes(deps: WebDeps, events: UiEvents): readonly Route[] {
  return [
    route({
      method: 'GET',
      url: '/ui/api/stream',
      permission: 'viewer',
      summary: 'Server-sent events: what changed.',
      handle({ request, reply }) {
        events.refuseWhenFull();
        const stream = openSse(reply, { clock: deps.clock, isStillAllowed: sessionCheck(deps, request) });
        events.add(stream);
        return undefined;
      },
    }),
  ];
}

/** Tells whether the session that opened a stream is still good: logout and deactivation end its streams too. */
export function sessionCheck(deps: WebDeps, request: FastifyRequest): () => Promise<boolean> {
  const credential = credentialOf(request);
  return async () => credential !== null && (await principalFor(deps.db, credential)) !== null;
}
