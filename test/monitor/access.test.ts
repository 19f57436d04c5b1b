/** Who may look and who may control, and that a foreign page cannot borrow a browser's session. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aWorker, type Harness, PASSWORD, startHarness } from './harness.ts';

let monitor: Harness;

beforeAll(async () => {
  monitor = await startHarness();
  await aWorker(monitor.db, 'w-1');
});

afterAll(() => monitor.stop());

async function desiredState(): Promise<string | null> {
  return (await monitor.db.pool.query("select desired_state from service where service_id = 'w-1'")).rows[0].desired_state;
}

async function cookieOf(username: string): Promise<string> {
  const login = await monitor.request('POST', '/api/v1/session', { role: null, body: { username, password: PASSWORD } });
  expect(login.status, login.text).toBe(200);
  const cookie = String(login.headers['set-cookie']);
  expect(cookie).toMatch(/^_token=.*HttpOnly.*SameSite=Lax/);
  return cookie.split(';')[0]!;
}

describe('an anonymous visitor', () => {
  it.each(['overview', 'workers', 'workers/w-1', 'queues', 'tasks', 'stream', 'session'])('is refused /api/v1/%s', async (path) => {
    const answer = await monitor.request('GET', `/api/v1/${path}`, { role: null });
    expect(answer.status).toBe(401);
    expect(answer.json).toMatchObject({ code: 'UNAUTHORIZED' });
  });

  it.each(['/api/workers', '/api/tasks', '/api/queues/length'])('is refused %s', async (path) => {
    expect((await monitor.request('GET', path, { role: null })).status).toBe(401);
  });

  it('may not control', async () => {
    expect((await monitor.request('POST', '/api/v1/workers/w-1/pause', { role: null })).status).toBe(401);
    expect((await monitor.request('PATCH', '/api/v1/workers/w-1', { role: null, body: { slots: 3 } })).status).toBe(401);
    expect(await desiredState()).toBeNull();
  });

  it('gets a page to log in on, and the health', async () => {
    const page = await monitor.request('GET', '/workers/w-1', { role: null });
    expect([page.status, page.headers['content-type']]).toEqual([200, expect.stringContaining('text/html')]);
    expect((await monitor.request('GET', '/healthz', { role: null })).json).toEqual({ status: 'healthy' });
  });

  it('reads metrics on this machine only, and not through a proxy', async () => {
    expect((await monitor.request('GET', '/metrics', { role: null })).status).toBe(200);
    expect((await monitor.request('GET', '/metrics', { role: null, remoteAddress: '10.0.0.7' })).status).toBe(401);
    expect((await monitor.request('GET', '/metrics', { role: null, headers: { 'x-forwarded-for': '10.0.0.7' } })).status).toBe(401);
    expect((await monitor.request('GET', '/metrics', { role: 'viewer', remoteAddress: '10.0.0.7' })).status).toBe(200);
  });
});

describe('a viewer', () => {
  it.each(['viewer', 'user'] as const)('with the role %s looks at everything and controls nothing', async (role) => {
    expect((await monitor.request('GET', '/api/v1/workers', { role })).status).toBe(200);
    expect((await monitor.request('GET', '/api/v1/session', { role })).json).toMatchObject({ username: role, canControl: false });
    for (const verb of ['pause', 'resume', 'drain', 'stop']) {
      const answer = await monitor.request('POST', `/api/v1/workers/w-1/${verb}`, { role });
      expect(answer.status).toBe(403);
      expect(answer.json.detail).toContain('op or admin');
    }
    expect((await monitor.request('PATCH', '/api/v1/workers/w-1', { role, body: { slots: 3 } })).status).toBe(403);
    expect(await desiredState()).toBeNull();
  });
});

describe('a login', () => {
  it('gives the cookie that 8080 knows, and a logout ends it', async () => {
    const cookie = await cookieOf('op');
    const session = await monitor.request('GET', '/api/v1/session', { role: null, headers: { cookie } });
    expect(session.json).toMatchObject({ username: 'op', role: 'op', canControl: true });
    expect((await monitor.request('DELETE', '/api/v1/session', { role: null, headers: { cookie } })).status).toBe(204);
    expect((await monitor.request('GET', '/api/v1/session', { role: null, headers: { cookie } })).status).toBe(401);
  });

  it('with a wrong password is refused without telling whether the user exists', async () => {
    const wrong = await monitor.request('POST', '/api/v1/session', { role: null, body: { username: 'op', password: 'wrong password' } });
    const unknown = await monitor.request('POST', '/api/v1/session', {
      role: null,
      body: { username: 'nobody', password: 'wrong password' },
    });
    expect([wrong.status, unknown.status]).toEqual([401, 401]);
    expect(wrong.json.detail).toBe(unknown.json.detail);
  });

  it("cannot be used by another site's page", async () => {
    const cookie = await cookieOf('admin');
    for (const foreign of [
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
    ]) {
      const headers = { cookie, host: 'localhost:5555', ...(foreign as Record<string, string>) };
      const answer = await monitor.request('POST', '/api/v1/workers/w-1/pause', { role: null, headers });
      expect(answer.status, JSON.stringify(foreign)).toBe(403);
    }
    expect(await desiredState()).toBeNull();
  });
});
