/** Puts the web server together: every route, in one place, each with its permission. Opens no port. */
import cookie from '@fastify/cookie';
import formbody from '@fastify/formbody';
import rateLimit from '@fastify/rate-limit';
import { type FastifyBaseLogger, type FastifyInstance, fastify, LogController } from 'fastify';
import { newRequestId } from '#platform/clock.ts';
import { assetLineageRoutes } from './api/asset-lineage.ts';
import { assetVersionRoutes } from './api/asset-versions.ts';
import { assetRoutes } from './api/assets.ts';
import { backfillRoutes } from './api/backfills.ts';
import { bulkInstanceRoutes } from './api/bulk-instances.ts';
import { bulkRunRoutes } from './api/bulk-runs.ts';
import { callbackRoutes } from './api/callbacks.ts';
import { clearRoutes } from './api/clear.ts';
import { connectionRoutes } from './api/connections.ts';
import { dagPartRoutes } from './api/dag-parts.ts';
import { dagRunRoutes } from './api/dag-runs.ts';
import { dagVersionRoutes } from './api/dag-versions.ts';
import { dagRoutes } from './api/dags.ts';
import { deleteRoutes } from './api/delete.ts';
import { eventRoutes } from './api/events.ts';
import { extraLinkRoutes } from './api/extra-links.ts';
import { healthRoutes } from './api/health.ts';
import { hitlDetailRoutes } from './api/hitl-details.ts';
import { importErrorRoutes } from './api/import-errors.ts';
import { logRoutes } from './api/logs.ts';
import { markRoutes } from './api/mark.ts';
import { openApiRoute } from './api/open-api.ts';
import { parseRoutes } from './api/parse.ts';
import { poolRoutes } from './api/pools.ts';
import { queuedEventRoutes } from './api/queued-events.ts';
import { syncRoutes } from './api/syncs.ts';
import { systemRoutes } from './api/system.ts';
import { taskInstanceRoutes } from './api/task-instances.ts';
import { triggerRoutes } from './api/trigger.ts';
import { variableRoutes } from './api/variables.ts';
import { webhookRoutes } from './api/webhooks.ts';
import { whyRoutes } from './api/why.ts';
import { xcomRoutes } from './api/xcoms.ts';
import { authRoutes } from './auth/routes.ts';
import { sendProblem } from './http/problem.ts';
import { refuseAddress, refuseConnection } from './http/refusals.ts';
import { denyUndeclaredRoutes, registerRoutes } from './http/register-routes.ts';
import type { Route, WebDeps } from './http/route.ts';
import { addSecurityHeaders } from './http/security-headers.ts';
import { serveUi } from './http/serve-ui.ts';
import { UiEvents } from './streams/ui-events.ts';
import { assetPageRoutes } from './ui-api/assets.ts';
import { blockPageRoutes } from './ui-api/blocks.ts';
import { connectionPageRoutes } from './ui-api/connections.ts';
import { dagPageRoutes } from './ui-api/dag.ts';
import { dagListRoutes } from './ui-api/dag-list.ts';
import { framePageRoutes } from './ui-api/frame.ts';
import { gridRoutes } from './ui-api/grid.ts';
import { homeRoutes } from './ui-api/home.ts';
import { importErrorPageRoutes } from './ui-api/import-errors.ts';
import { logPageRoutes } from './ui-api/log.ts';
import { peopleRoutes } from './ui-api/people.ts';
import { pluginPageRoutes } from './ui-api/plugins.ts';
import { runPageRoutes } from './ui-api/run.ts';
import { streamRoutes } from './ui-api/stream.ts';
import { taskInstancePageRoutes } from './ui-api/task-instance.ts';
import { variablePageRoutes } from './ui-api/variables.ts';

const BODY_MAX_BYTES = 1024 * 1024;
const REQUEST_TIMEOUT_MS = 30_000;

export function allRoutes(deps: WebDeps, events: UiEvents): readonly Route[] {
  const routes = [
    ...authRoutes(deps),
    ...healthRoutes,
    ...whyRoutes,
    ...dagRoutes(deps),
    ...triggerRoutes(deps),
    ...dagRunRoutes(deps),
    ...taskInstanceRoutes,
    ...extraLinkRoutes,
    ...logRoutes(deps),
    ...clearRoutes(deps),
    ...markRoutes(deps),
    ...hitlDetailRoutes(deps),
    ...callbackRoutes,
    ...bulkInstanceRoutes(deps),
    ...bulkRunRoutes(deps),
    ...deleteRoutes(deps),
    ...parseRoutes(deps),
    ...dagVersionRoutes,
    ...backfillRoutes(deps),
    ...syncRoutes(deps),
    ...assetVersionRoutes(),
    ...assetLineageRoutes(),
    ...assetRoutes(deps),
    ...queuedEventRoutes(deps),
    ...dagPartRoutes,
    ...importErrorRoutes,
    ...xcomRoutes(deps),
    ...poolRoutes,
    ...variableRoutes(deps),
    ...eventRoutes(deps),
    ...webhookRoutes(deps),
    ...connectionRoutes(deps),
    ...systemRoutes,
    ...homeRoutes(deps, events),
    ...dagListRoutes,
    ...assetPageRoutes(deps),
    ...dagPageRoutes(deps),
    ...gridRoutes,
    ...runPageRoutes,
    ...taskInstancePageRoutes,
    ...framePageRoutes(deps),
    ...logPageRoutes(deps),
    ...importErrorPageRoutes(deps),
    ...pluginPageRoutes,
    ...blockPageRoutes,
    ...connectionPageRoutes(deps),
    ...variablePageRoutes(deps),
    ...peopleRoutes(deps),
    ...streamRoutes(deps, events),
  ];
  return [...routes, openApiRoute(routes)];
}

export async function buildApp(deps: WebDeps): Promise<FastifyInstance> {
  const app: FastifyInstance = fastify({
    loggerInstance: deps.logger as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: BODY_MAX_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    trustProxy: deps.config.trustedProxies.length === 0 ? false : [...deps.config.trustedProxies],
    genReqId: newRequestId,
    // Ids may hold dots, colons and plus signs and be 250 characters long; they arrive percent-encoded.
    routerOptions: { maxParamLength: 1000, ignoreTrailingSlash: true },
    forceCloseConnections: true,
    frameworkErrors: refuseAddress,
    clientErrorHandler: refuseConnection,
  });
  const events = new UiEvents(deps.clock);
  await events.start(deps.broker);
  // Before the port closes: an open stream would keep it open.
  app.addHook('preClose', () => events.stop());
  app.decorateRequest('principal', null);
  app.setErrorHandler((error, request, reply) => sendProblem(error, request, reply));
  denyUndeclaredRoutes(app);
  addSecurityHeaders(app);
  await app.register(cookie);
  await app.register(formbody);
  await app.register(rateLimit, { global: false });
  app.addHook('onResponse', async (request, reply) => {
    request.log.debug(
      {
        event: 'request.answered',
        request_id: request.id,
        method: request.method,
        route: request.routeOptions.url,
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime),
      },
      'request answered',
    );
  });
  await app.register(async (scope) => registerRoutes(scope, deps, allRoutes(deps, events)));
  await serveUi(app);
  return app;
}
