/** Goal: no request makes the monitor fail. Method: all of its routes, with ids, filters and bodies of any kind. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { aWorker, type Harness, startHarness } from '../monitor/harness.ts';
import { FUZZ_TIMEOUT_MS, fuzz } from './budget.ts';
import { DEEP_JSON, hostileJson, hostileText } from './hostile.ts';

let monitor: Harness;
beforeAll(async () => {
  monitor = await startHarness();
  await aWorker(monitor.db, 'w-1');
});
afterAll(() => monitor.stop());

/** A stopped worker refuses at once; one that lives would be waited for. */
const WORKERS = fc.oneof(fc.constant('nobody'), hostileText);
const encoded = (text: string) => encodeURIComponent(text.toWellFormed()) || 'x';
const amount = fc.oneof(fc.integer({ min: -5, max: 25_000 }).map(String), hostileText);
const query = fc.record({ state: hostileText, search: hostileText, worker: WORKERS, limit: amount, offset: amount }, { requiredKeys: [] });

const REQUESTS = fc.oneof(
  fc
    .constantFrom(
      '/api/v1/overview',
      '/api/v1/workers',
      '/api/v1/queues',
      '/api/v1/session',
      '/api/workers',
      '/api/queues/length',
      '/metrics',
      '/healthz',
    )
    .map((url) => ({ method: 'GET', url, body: undefined as unknown })),
  fc.tuple(fc.constantFrom('/api/v1/tasks', '/api/tasks'), query).map(([url, filters]) => ({
    method: 'GET',
    url: `${url}?${Object.entries(filters)
      .map(([name, text]) => `${name}=${encoded(String(text))}`)
      .join('&')}`,
    body: undefined as unknown,
  })),
  WORKERS.map((id) => ({ method: 'GET', url: `/api/v1/workers/${encoded(id)}`, body: undefined as unknown })),
  fc
    .tuple(WORKERS, fc.constantFrom('pause', 'resume', 'drain', 'stop', 'nothing'), fc.option(hostileJson, { nil: undefined }))
    .map(([id, verb, body]) => ({ method: 'POST', url: `/api/v1/workers/${encoded(id)}/${verb}`, body })),
  fc
    .tuple(
      WORKERS,
      fc.oneof(hostileJson, fc.record({ state: fc.constantFrom('running', 'paused', 'x'), slots: hostileJson }, { requiredKeys: [] })),
    )
    .map(([id, body]) => ({ method: 'PATCH', url: `/api/v1/workers/${encoded(id)}`, body })),
);

it('every request is answered in order, or refused with a reason', { timeout: FUZZ_TIMEOUT_MS }, async () => {
  await fuzz(
    fc.asyncProperty(REQUESTS, async ({ method, url, body }) => {
      const answer = await monitor.request(
        method,
        url,
        body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } },
      );
      const shown = JSON.stringify({ method, url, body, answered: answer.status, text: answer.text.slice(0, 300) });
      expect(answer.status, shown).toBeLessThan(500);
      if (answer.status >= 400) expect(answer.json?.detail, shown).toBeTypeOf('string');
      expect(answer.text, shown).not.toMatch(/node_modules|\bat .*\.ts:\d+/);
    }),
    600,
  );
});

it.each(DEEP_JSON)('%s without a bottom, as a body or a part of one, are refused', async (_, deep) => {
  for (const body of [deep, `{"state":${deep}}`, `{"slots":${deep}}`]) {
    const answer = await monitor.request('PATCH', '/api/v1/workers/w', { body, headers: { 'content-type': 'application/json' } });
    expect([400, 404, 422]).toContain(answer.status);
    expect(answer.json?.detail).toBeTypeOf('string');
  }
});

it('a stranger is sent away, whatever he sends', { timeout: FUZZ_TIMEOUT_MS }, async () => {
  const guarded = REQUESTS.filter(({ url }) => url.startsWith('/api/'));
  await fuzz(
    fc.asyncProperty(guarded, async ({ method, url, body }) => {
      const answer = await monitor.request(method, url, {
        role: null,
        ...(body !== undefined && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
      });
      expect([400, 401, 404], JSON.stringify({ method, url, answered: answer.status })).toContain(answer.status);
    }),
    150,
  );
});
