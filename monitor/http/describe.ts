/** GET /openapi.json of the monitor, made from what its routes say of themselves in their `config`. */
import type { FastifyInstance } from 'fastify';
import { type DescribedRoute, openApiDocument } from '#platform/api/open-api.ts';

const ABOUT = {
  title: 'Windlass monitor API',
  description: 'What the workers do, and the means to control them. The users and tokens are those of the web server.',
  problems: 'application/problem+json',
};

/** What a route of the API says of itself; `describe` is given in its config. */
export type Description = Omit<DescribedRoute, 'method' | 'url' | 'permission'>;

declare module 'fastify' {
  interface FastifyContextConfig {
    describe?: Description;
  }
}

/** Listens to the routes that are added from here on. */
export function describeRoutes(app: FastifyInstance): void {
  const routes: DescribedRoute[] = [];
  app.addHook('onRoute', ({ method, url, config }) => {
    if (config?.describe === undefined) return;
    const permission = config.access ?? (url.startsWith('/api/') ? 'read' : 'public');
    // HEAD goes with each GET by itself.
    for (const verb of [method].flat()) if (verb !== 'HEAD') routes.push({ ...config.describe, method: verb, url, permission });
  });
  let document: object | null = null;
  app.get('/openapi.json', { config: { access: 'public' } }, () => {
    document ??= openApiDocument(ABOUT, routes);
    return document;
  });
}
