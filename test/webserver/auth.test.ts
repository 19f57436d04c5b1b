/** Tokens, sessions, cookies: their whole life, and what must not work. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createUser, ensureFirstAdmin, issueToken, verifyPassword } from '#platform/auth/users.ts';
import { Secret } from '#platform/config/config.ts';
import { type Harness, PASSWORD, startHarness } from './harness.ts';

let web: Harness;
beforeAll(async () => {
  web = await startHarness();
});
afterAll(() => web.stop());

const anonymous = (method: string, url: string, body?: unknown, headers: Record<string, string> = {}) =>
  web.request(method, url, { role: null, headers, ...(body !== undefined && { body }) });
const cookieOf = (answer: { headers: Readonly<Record<string, unknown>> }) => String(answer.headers['set-cookie']).split(';')[0] as string;
const logIn = async () => cookieOf(await anonymous('POST', '/auth/login', { username: 'admin', password: PASSWORD }));
const SAME = { 'sec-fetch-site': 'same-origin' };

describe('POST /auth/token', () => {
  it('gives a bearer token for JSON and for a form', async () => {
    const json = await anonymous('POST', '/auth/token', { username: 'admin', password: PASSWORD });
    expect(json.status).toBe(201);
    expect((await anonymous('GET', '/api/v2/dags', undefined, { authorization: `Bearer ${json.json.access_token}` })).status).toBe(200);
    const form = await web.app.inject({
      method: 'POST',
      url: '/auth/token',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      payload: new URLSearchParams({ username: 'admin', password: PASSWORD }).toString(),
    });
    expect([form.statusCode, typeof form.json().access_token]).toEqual([201, 'string']);
  });

  it('answers 400 to a missing field, 401 to a wrong password, 415 and 422 as documented', async () => {
    expect((await anonymous('POST', '/auth/token', { username: 'admin' })).status).toBe(400);
    const wrong = await anonymous('POST', '/auth/token', { username: 'admin', password: 'wrong' });
    expect([wrong.status, wrong.json]).toEqual([401, expect.objectContaining({ detail: 'Invalid credentials' })]);
    const unknown = await anonymous('POST', '/auth/token', { username: 'nobody', password: 'wrong' });
    expect([unknown.status, unknown.json]).toEqual([401, expect.objectContaining({ detail: 'Invalid credentials' })]);
    const xml = await web.app.inject({
      method: 'POST',
      url: '/auth/token',
      headers: { 'content-type': 'application/xml' },
      payload: '<a/>',
    });
    expect(xml.statusCode).toBe(415);
    expect((await anonymous('POST', '/auth/token', { username: 'admin', password: PASSWORD, extra: 1 })).status).toBe(422);
    expect((await anonymous('POST', '/auth/token', { username: 1, password: PASSWORD })).status).toBe(422);
  });

  it('makes a guesser wait after five wrong passwords, and only for that user', async () => {
    for (let i = 0; i < 5; i++) await anonymous('POST', '/auth/token', { username: 'op', password: `guess ${i}` });
    const blocked = await anonymous('POST', '/auth/token', { username: 'op', password: PASSWORD });
    expect(blocked.status).toBe(429);
    expect(Number(blocked.headers['retry-after'])).toBeGreaterThan(0);
    expect((await anonymous('POST', '/auth/token', { username: 'viewer', password: PASSWORD })).status).toBe(201);
  });

  it('keeps only the hash of a token', async () => {
    const { json } = await anonymous('POST', '/auth/token', { username: 'user', password: PASSWORD });
    const { rows } = await web.db.pool.query<{ token_hash: string }>('select token_hash from session_token');
    const hashes = rows.map((row) => row.token_hash);
    expect(hashes).toContain(createHash('sha256').update(json.access_token).digest('hex'));
    expect(hashes).not.toContain(json.access_token);
  });
});

describe('a browser session', () => {
  it('lives in a cookie that scripts cannot read, and ends on the server at logout', async () => {
    const answer = await anonymous('POST', '/auth/login', { username: 'admin', password: PASSWORD });
    expect(answer.status).toBe(200);
    expect(String(answer.headers['set-cookie'])).toMatch(/^_token=wl_[\w-]{43}; Max-Age=\d+; Path=\/; HttpOnly; SameSite=Lax$/);
    const cookie = cookieOf(answer);
    expect((await anonymous('GET', '/ui/api/session', undefined, { cookie })).status).toBe(200);
    expect((await anonymous('POST', '/auth/logout', undefined, { cookie, ...SAME })).status).toBe(204);
    expect((await anonymous('GET', '/ui/api/session', undefined, { cookie })).status).toBe(401);
  });

  it('changes things only from our own pages', async () => {
    const cookie = await logIn();
    const change = (headers: Record<string, string>) =>
      anonymous('PATCH', '/api/v2/dags/none', { is_paused: true }, { cookie, ...headers });
    expect((await change({ 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    expect((await change({ 'sec-fetch-site': 'same-site' })).status).toBe(403);
    expect((await change({ origin: 'http://evil.example', host: 'localhost:8080' })).status).toBe(403);
    expect((await change({ origin: 'null', host: 'localhost:8080' })).status).toBe(403);
    expect((await change({})).status).toBe(403);
    expect((await change(SAME)).status).toBe(404);
    expect((await change({ origin: 'http://localhost:8080', host: 'localhost:8080' })).status).toBe(404);
  });

  it('is not read by a foreign page, and a wrong bearer token does not fall back to it', async () => {
    const cookie = await logIn();
    expect(
      (await anonymous('GET', '/ui/api/session', undefined, { cookie, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors' })).status,
    ).toBe(403);
    expect((await anonymous('GET', '/ui/api/session', undefined, { cookie, authorization: 'Bearer nonsense' })).status).toBe(401);
  });

  it('begins with a one-time link that works once', async () => {
    const { token } = await issueToken(web.db, { username: 'admin', kind: 'one_time', ttlMs: 60_000 });
    expect((await anonymous('GET', '/api/v2/dags', undefined, { authorization: `Bearer ${token}` })).status).toBe(401);
    const first = await anonymous('GET', `/auth/login?token=${token}`);
    expect([first.status, first.headers['location']]).toEqual([302, '/']);
    expect((await anonymous('GET', '/ui/api/session', undefined, { cookie: cookieOf(first) })).status).toBe(200);
    const second = await anonymous('GET', `/auth/login?token=${token}`);
    expect(second.headers['location']).toBe('/login?reason=link-used');
    expect(second.headers['set-cookie']).toBeUndefined();
  });

  it('ends when it expires and when its user is deactivated', async () => {
    const cookie = await logIn();
    const isIn = async () => (await anonymous('GET', '/ui/api/session', undefined, { cookie })).status === 200;
    await web.db.pool.query("update app_user set is_active = false where username = 'admin'");
    expect(await isIn()).toBe(false);
    await web.db.pool.query("update app_user set is_active = true where username = 'admin'");
    expect(await isIn()).toBe(true);
    await web.db.pool.query("update session_token set expires_at = clock_timestamp() - interval '1 s' where kind = 'session'");
    expect(await isIn()).toBe(false);
  });
});

describe('users', () => {
  it('are stored with argon2id and refused with a reason when wrong', async () => {
    await createUser(web.db, { username: 'anna', password: 'long enough', role: 'user' });
    const { rows } = await web.db.pool.query("select password_hash from app_user where username = 'anna'");
    expect(rows[0].password_hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(await verifyPassword(web.db, 'anna', 'long enough')).toEqual({ username: 'anna', role: 'user' });
    await expect(createUser(web.db, { username: 'anna', password: 'long enough', role: 'user' })).rejects.toThrow(/users list/);
    await expect(createUser(web.db, { username: 'b', password: 'short', role: 'user' })).rejects.toThrow(/8 to 128/);
    await expect(createUser(web.db, { username: 'b', password: 'long enough', role: 'root' })).rejects.toThrow(/viewer, user, op, admin/);
  });

  it('begin with one admin whose password is told once', async () => {
    await web.db.pool.query('delete from app_user');
    const both = await Promise.all([ensureFirstAdmin(web.db, new Secret('')), ensureFirstAdmin(web.db, new Secret(''))]);
    const told = both.filter((answer) => answer.password !== null);
    expect(told).toHaveLength(1);
    expect(await verifyPassword(web.db, 'admin', told[0]!.password!)).toEqual({ username: 'admin', role: 'admin' });
    expect(await ensureFirstAdmin(web.db, new Secret('another password'))).toEqual({ username: 'admin', password: null });
  });
});
