/** What the web server says when a part is away, too busy or asked too much; and that it stops cleanly. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDatabase } from '#platform/db/client.ts';
import { quietLogger } from '#platform/logger.ts';
import { ParamsCheck } from '#platform/params-check.ts';
import { until } from '#test/support/until.ts';
import { buildApp } from '../../webserver/app.ts';
import { startWebserver } from '../../webserver/main.ts';
import { type Harness, startHarness } from './harness.ts';

let web: Harness;
beforeAll(async () => {
  web = await startHarness();
});
afterAll(() => web.stop());

describe('without Postgres', () => {
  it('says 503 with a time to come back, and stays up for the health check', async () => {
    const db = openDatabase({ url: 'postgres://nobody:x@127.0.0.1:1/none', applicationName: 'test', logger: quietLogger() });
    const app = await buildApp({ ...web.deps, db });
    const health = await app.inject({ url: '/api/v2/monitor/health' });
    expect([health.statusCode, health.json().metadatabase, health.json().scheduler.status]).toEqual([
      200,
      { status: 'unhealthy' },
      'unhealthy',
    ]);
    const dags = await app.inject({ url: '/api/v2/dags', headers: { authorization: `Bearer wl_${'a'.repeat(43)}` } });
    expect([dags.statusCode, dags.headers['retry-after'], dags.json()]).toEqual([
      503,
      '5',
      expect.objectContaining({ detail: expect.stringContaining('Try again'), code: 'DATABASE_UNAVAILABLE' }),
    ]);
    expect(dags.body).not.toMatch(/127\.0\.0\.1|ECONNREFUSED/);
    await app.close();
    await db.close();
  });
});

describe('with every connection taken', () => {
  it('says 503 with a time to come back, at once when a crowd waits already, and answers the health check', async () => {
    const db = openDatabase({ url: web.db.url, applicationName: 'test', logger: quietLogger(), maxConnections: 1 });
    const app = await buildApp({ ...web.deps, db });
    const taken = await db.pool.connect();
    const ask = () => app.inject({ url: '/api/v2/dags', headers: { authorization: `Bearer wl_${'a'.repeat(43)}` } });
    const crowd = Array.from({ length: 500 }, () => db.pool.connect().catch(() => undefined));
    const turnedAway = await ask();
    expect([turnedAway.statusCode, turnedAway.headers['retry-after']]).toEqual([503, '5']);
    expect((await app.inject({ url: '/api/v2/monitor/health' })).json().metadatabase).toEqual({ status: 'healthy' });
    // They give up after a while, and so would a request that waits for a connection.
    expect((await Promise.all(crowd)).every((one) => one === undefined)).toBe(true);
    taken.release();
    expect((await ask()).statusCode).toBe(401);
    await app.close();
    await db.close();
  });
});

describe('limits', () => {
  it('stop whoever tries to log in without end', async () => {
    const statuses = new Set<number>();
    for (let i = 0; i < 125; i++) statuses.add((await web.request('POST', '/auth/token', { role: null, body: {} })).status);
    expect([...statuses].sort()).toEqual([400, 429]);
    expect((await web.request('POST', '/auth/token', { role: null, body: {} })).json).toMatchObject({
      detail: expect.any(String),
      code: 'TOO_MANY_REQUESTS',
    });
  });

  it('refuse a body that is too large with 413', async () => {
    const answer = await web.request('POST', '/api/v2/variables', { body: { key: 'big', value: 'x'.repeat(2 * 1024 * 1024) } });
    expect([answer.status, answer.json.detail]).toEqual([413, expect.stringContaining('Send less')]);
  });

  it("interrupt an author's pattern that would backtrack for ever", () => {
    const schema = { type: 'object', properties: { name: { type: 'string', pattern: '^(a+)+$' } } };
    const check = (name: string) => new ParamsCheck().check({ key: 'v1', schema, params: { name } });
    expect(() => check('aaa')).not.toThrow();
    expect(() => check('b')).toThrow(/must match pattern/);
    expect(() => check(`${'a'.repeat(60)}!`)).toThrow(/longer than 250 ms/);
  });
});

describe('a web server', () => {
  it('listens, says that it lives, ends open streams at stop, and gives the port back', async () => {
    const server = await startWebserver(web.deps);
    const living = async () =>
      (await web.db.pool.query("select 1 from service where kind = 'webserver' and stopped_at is null")).rowCount ?? 0;
    await until(async () => (await living()) === 1, { what: 'it says that it lives' });
    const { json } = await web.request('GET', '/openapi.json', { role: null });
    expect(json.paths['/api/v2/dags/{dag_id}/dagRuns'].post.requestBody.content['application/json'].schema.required).toEqual([
      'logical_date',
    ]);
    const login = await fetch(`${server.url}/auth/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username: 'viewer', password: 'correct horse battery' }),
    });
    const { access_token: token } = (await login.json()) as { access_token: string };
    const stream = await fetch(`${server.url}/ui/api/stream`, { headers: { authorization: `Bearer ${token}` } });
    const port = Number(new URL(server.url).port);
    await expect(startWebserver({ ...web.deps, config: { ...web.config, webPort: port } })).rejects.toThrow(/WINDLASS_WEB_PORT/);
    await server.stop();
    expect(await stream.text()).toContain('retry:');
    expect(await living()).toBe(0);
    await expect(fetch(`${server.url}/api/v2/version`)).rejects.toThrow();
  });
});
