/** The monitor's HTTP application, without a socket: tests inject requests into it. */
import cookie from '@fastify/cookie';
import rateLimit from '@fastify/rate-limit';
import fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify';
import { AppError } from '#core/errors.ts';
import type { Broker } from '#platform/broker/broker.ts';
import { type Clock, newRequestId } from '#platform/clock.ts';
import type { Config } from '#platform/config/config.ts';
import type { Database } from '#platform/db/client.ts';
import type { Logger } from '#platform/logger.ts';
import { healthy } from './api/answers.ts';
import { describeRoutes } from './http/describe.ts';
import { guardRoutes } from './http/guard.ts';
import { addPages } from './http/pages.ts';
import { answerProblems, sendProblem } from './http/problems.ts';
import { MonitorReads } from './reads/monitor-reads.ts';
import { addControlRoutes } from './routes/control-routes.ts';
import { addFlowerRoutes } from './routes/flower-routes.ts';
import { addMetricsRoute } from './routes/metrics-route.ts';
import { addReadRoutes } from './routes/read-routes.ts';
import { addSessionRoutes } from './routes/session-routes.ts';
import { addStreamRoute } from './routes/stream-route.ts';
import { UiEvents } from './ui-events.ts';
import { lostAfterMs } from './worker-status.ts';

export interface MonitorDeps {
  readonly config: Config;
  readonly db: Database;
  readonly broker: Broker;
  readonly clock: Clock;
  readonly logger: Logger;
}

const MAX_BODY_BYTES = 64 * 1024;

export interface MonitorApp {
  readonly app: FastifyInstance;
  readonly events: UiEvents;
}

/** Builds the application. `app.close()` also ends the open streams. */
export async function buildMonitor(deps: MonitorDeps, version: string): Promise<MonitorApp> {
  const { config, db, broker, clock, logger } = deps;
  const app: FastifyInstance = fastify({
    loggerInstance: logger as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: newRequestId,
    bodyLimit: MAX_BODY_BYTES,
    trustProxy: config.trustedProxies.length === 0 ? false : [...config.trustedProxies],
    forceCloseConnections: true,
    // What the router refuses by itself comes to no error handler.
    frameworkErrors: (_error, request, reply) =>
      void sendProblem(
        new AppError('BAD_REQUEST', 'The address cannot be read: an id in it is too long, or it is not encoded right.'),
        request,
        reply,
      ),
  });
  const reads = new MonitorReads({ db, broker, clock, logger, silenceMs: lostAfterMs(config.serviceHeartbeatMs) });
  const events = new UiEvents(clock);
  events.subscribe(() => reads.expire());

  answerProblems(app);
  await app.register(cookie);
  await app.register(rateLimit, { global: false });
  acceptEmptyJson(app);
  guardRoutes(app, db);
  describeRoutes(app);

  const describe = { summary: 'Whether the monitor answers.', response: healthy };
  app.get('/healthz', { config: { access: 'public', describe } }, () => ({ status: 'healthy' }));
  addSessionRoutes(app, { config, db, broker: broker.kind, version });
  addReadRoutes(app, db, reads);
  addControlRoutes(app, { db, broker, clock, reads });
  addMetricsRoute(app, reads);
  addFlowerRoutes(app, db, reads);
  const endStreams = addStreamRoute(app, clock, events);
  app.addHook('preClose', async () => endStreams());
  await addPages(app);
  return { app, events };
}

/** `POST …/pause` needs no body, but many clients send the JSON content type all the same. */
function acceptEmptyJson(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') done(null, undefined);
    else parse(request, body as string, done);
  });
}
