/** Goal: an event is taken by those who may send one, kept, and numbered. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Harness, startHarness } from './harness.ts';

let web: Harness;
beforeAll(async () => {
  web = await startHarness();
});
afterAll(() => web.stop());

it('keeps what a user sends, in order', async () => {
  const first = await web.request('POST', '/api/v2/events/payment.settled', { role: 'user', body: { order: 1 } });
  const second = await web.request('POST', '/api/v2/events/payment.settled', { role: 'user', body: [1, 'two', null] });
  expect([first.status, second.status]).toEqual([201, 201]);
  const rows = await web.deps.db.pool.query('select name, payload, sender from received_event order by event_id');
  expect(rows.rows).toEqual([
    { name: 'payment.settled', payload: { order: 1 }, sender: expect.stringMatching(/^user:/) },
    { name: 'payment.settled', payload: [1, 'two', null], sender: expect.stringMatching(/^user:/) },
  ]);
});

it('refuses viewers, wrong names and what is too large', async () => {
  expect((await web.request('POST', '/api/v2/events/x', { role: 'viewer', body: {} })).status).toBe(403);
  expect((await web.request('POST', '/api/v2/events/no%20spaces', { role: 'user', body: {} })).status).toBe(422);
  expect((await web.request('POST', '/api/v2/events/x', { role: 'user', body: { big: 'x'.repeat(300_000) } })).status).toBe(422);
});
