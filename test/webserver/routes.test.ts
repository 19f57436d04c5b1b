/**
 * Structural tests over all routes: each has a permission, strangers get 401 everywhere but on the public ones,
 * and each role gets exactly what it may. Patterns of 60 CVEs in one place: the forgotten endpoint.
 */
import { fastify } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { includesRole, ROLES } from '#platform/auth/roles.ts';
import { allRoutes } from '../../webserver/app.ts';
import { denyUndeclaredRoutes } from '../../webserver/http/register-routes.ts';
import type { Route } from '../../webserver/http/route.ts';
import { UiEvents } from '../../webserver/streams/ui-events.ts';
import { type Harness, startHarness } from './harness.ts';

let web: Harness;
let routes: readonly Route[];

beforeAll(async () => {
  web = await startHarness();
  routes = allRoutes(web.deps, new UiEvents(web.deps.clock));
});
afterAll(() => web.stop());

const PUBLIC = [
  'POST /auth/token',
  'POST /auth/login',
  'GET /auth/login',
  'POST /auth/logout',
  'GET /api/v2/monitor/health',
  'GET /api/v2/version',
  'GET /openapi.json',
  // Its callers have no account: they sign what they send (test/webserver/webhooks.test.ts).
  'POST /api/v2/webhooks/:webhook_name',
];
const nameOf = (route: Route) => `${route.method} ${route.url}`;
const urlOf = (route: Route) => route.url.replace(/:(\w+)/g, (_, name: string) => (/index|number|error_id|log_id/.test(name) ? '1' : 'x'));

describe('every route', () => {
  it('is public only if it is on this list', () => {
    const open = routes.filter((route) => route.permission === 'public').map(nameOf);
    expect(open.filter((name) => !PUBLIC.includes(name))).toEqual([]);
  });

  it('that changes something names its audit action, and no GET does', () => {
    const changing = routes.filter((route) => route.method !== 'GET' && !/\/list$/.test(route.url) && !route.url.startsWith('/auth/'));
    expect(changing.filter((route) => !route.audit).map(nameOf)).toEqual([]);
    expect(routes.filter((route) => route.method === 'GET' && route.audit).map(nameOf)).toEqual([]);
  });

  it('needs more than the viewer role when it changes something', () => {
    const changing = routes.filter((route) => route.audit && !/favorite$/.test(route.url) && !PUBLIC.includes(nameOf(route)));
    expect(changing.filter((route) => ['viewer', 'public'].includes(route.permission)).map(nameOf)).toEqual([]);
  });

  it('sends strangers away with 401 unless it is public', async () => {
    for (const route of routes.filter((candidate) => candidate.permission !== 'public')) {
      const answer = await web.request(route.method, urlOf(route), { role: null });
      expect([nameOf(route), answer.status]).toEqual([nameOf(route), 401]);
      const forged = await web.request(route.method, urlOf(route), {
        role: null,
        headers: { authorization: `Bearer wl_${'a'.repeat(43)}` },
      });
      expect([nameOf(route), forged.status]).toEqual([nameOf(route), 401]);
    }
  });

  it('answers 403 to a role below its permission', async () => {
    for (const route of routes)
      for (const role of ROLES) {
        if (route.permission === 'public' || includesRole(role, route.permission)) continue;
        const answer = await web.request(route.method, urlOf(route), { role });
        expect([nameOf(route), role, answer.status]).toEqual([nameOf(route), role, 403]);
      }
  });

  it('never answers 5xx to an empty or hostile request of an admin', async () => {
    for (const route of routes.filter((candidate) => !/stream$/.test(candidate.url) && !candidate.url.startsWith('/auth/')))
      for (const body of [undefined, {}, [], { __proto__x: 1, constructor: {} }]) {
        const answer = await web.request(
          route.method,
          `${urlOf(route)}?limit=-1&order_by=;drop&offset=x&map_index=%00`,
          route.method === 'GET' ? {} : { body },
        );
        expect([nameOf(route), answer.status < 500]).toEqual([nameOf(route), true]);
      }
  });
});

describe('the registry', () => {
  it('throws on a route without a permission', async () => {
    const app = fastify();
    denyUndeclaredRoutes(app);
    expect(() => app.get('/open', () => 'secret')).toThrow(/declares no permission/);
    await app.close();
  });

  it('answers 404 as JSON under the API and a page elsewhere', async () => {
    const api = await web.request('GET', '/api/v2/nothing', { role: null });
    expect([api.status, api.json]).toEqual([404, expect.objectContaining({ detail: 'Not Found', code: 'NOT_FOUND' })]);
    const page = await web.request('GET', '/dags/some_dag', { role: null });
    expect(page.status).toBe(200);
    expect(page.headers['content-type']).toContain('text/html');
  });

  it('sends the security headers with everything', async () => {
    for (const url of ['/', '/api/v2/version', '/api/v2/nothing']) {
      const { headers } = await web.request('GET', url, { role: null });
      expect(headers['content-security-policy']).toContain("default-src 'self'");
      expect(headers['content-security-policy']).toContain("frame-ancestors 'none'");
      expect(headers['x-content-type-options']).toBe('nosniff');
      expect(headers['x-request-id']).toBeTruthy();
    }
  });
});

describe('addresses of pages', () => {
  it('under /assets/ are told from the files of the build, which lie there too', async () => {
    const page = await web.request('GET', '/assets/7');
    expect([page.status, page.headers['content-type']]).toEqual([200, expect.stringContaining('text/html')]);
    expect((await web.request('GET', '/assets/index-gone.js')).status).toBe(404);
  });
});
