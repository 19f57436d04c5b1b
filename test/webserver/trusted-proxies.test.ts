// Goal: behind a proxy that ends TLS, cookies are secure and addresses are people's own; without the setting nobody can claim either.
// Method: the whole app, once with and once without the setting, spoken to as a proxy would, and as somebody who pretends to be one.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readConfig } from '#platform/config/config.ts';
import { type Harness, PASSWORD, startHarness } from './harness.ts';

let trusting: Harness;
let plain: Harness;
beforeAll(async () => {
  trusting = await startHarness({ trustedProxies: ['10.0.0.0/8'] });
  plain = await startHarness();
});
afterAll(() => Promise.all([trusting.stop(), plain.stop()]));

/** A login over a proxy at the address. */
async function logIn({ app, db }: Harness, remoteAddress: string) {
  const answer = await app.inject({
    method: 'POST',
    url: '/auth/login',
    remoteAddress,
    headers: {
      'x-forwarded-for': '203.0.113.9',
      'x-forwarded-proto': 'https',
      host: 'windlass.example.com',
      origin: 'https://windlass.example.com',
    },
    payload: { username: 'admin', password: PASSWORD },
  });
  const cookie = String(answer.headers['set-cookie']);
  const token = /_token=([^;]+)/.exec(cookie)?.[1] ?? '';
  await app.inject({
    method: 'PATCH',
    url: '/api/v2/pools/default_pool?update_mask=slots',
    remoteAddress,
    headers: { 'x-forwarded-for': '203.0.113.9', cookie: `_token=${token}`, 'sec-fetch-site': 'same-origin' },
    payload: { slots: 64 },
  });
  const { rows } = await db.pool.query<{ ip: string }>(`select extra ->> 'ip' as ip from audit_log order by audit_id desc limit 1`);
  return { status: answer.statusCode, isSecure: /; Secure/.test(cookie), ip: rows[0]?.ip };
}

it('a trusted proxy is believed who asks, and that it was over TLS', async () => {
  expect(await logIn(trusting, '10.1.2.3')).toEqual({ status: 200, isSecure: true, ip: '203.0.113.9' });
});

it('others are not, nor anybody without the setting', async () => {
  expect(await logIn(trusting, '192.0.2.1')).toEqual({ status: 200, isSecure: false, ip: '192.0.2.1' });
  expect(await logIn(plain, '10.1.2.3')).toEqual({ status: 200, isSecure: false, ip: '10.1.2.3' });
});

it.each(['everybody', '10.0.0.0/99', '10.0.0', '1.2.3.4/8/8'])('the setting refuses %s', (text) => {
  expect(() => readConfig({ WINDLASS_TRUSTED_PROXIES: `127.0.0.1,${text}` }, '/nowhere')).toThrow(
    /WINDLASS_TRUSTED_PROXIES must hold addresses such as/,
  );
});
