/** What the fuzzers have found, each by its name. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Harness as Monitor, startHarness as startMonitor } from '../monitor/harness.ts';
import { type Harness, startHarness } from '../webserver/harness.ts';

let web: Harness;
let monitor: Monitor;
beforeAll(async () => {
  web = await startHarness();
  monitor = await startMonitor();
});
afterAll(async () => {
  await web.stop();
  await monitor.stop();
});

it.each([
  ['variables', { key: '.', value: 1 }],
  ['variables', { key: '..', value: 1 }],
  ['connections', { connection_id: '..', conn_type: 'http' }],
])('%s refuses a name that no URL can hold: nothing could ever reach it again', async (list, body) => {
  const answer = await web.request('POST', `/api/v2/${list}`, { body });
  expect([answer.status, answer.text]).toEqual([422, expect.stringContaining('A name must not be')]);
});

it('the document says which status a sent event is answered with', async () => {
  const sent = await web.request('POST', '/api/v2/events/arrived', { body: {} });
  const { paths } = (await web.request('GET', '/openapi.json')).json;
  expect(Object.keys(paths['/api/v2/events/{event_name}'].post.responses)).toContain(String(sent.status));
});

it('the document says how requests are refused', async () => {
  const { paths } = (await web.request('GET', '/openapi.json')).json;
  expect(Object.keys(paths['/api/v2/dags/{dag_id}'].get.responses)).toEqual(
    expect.arrayContaining(['200', '401', '403', '404', '414', '422']),
  );
});

it('the monitor refuses an id longer than any in its own words', async () => {
  const answer = await monitor.request('GET', `/api/v1/workers/${'x'.repeat(5_000)}`);
  expect([400, 404]).toContain(answer.status);
  expect(answer.json).toMatchObject({ code: expect.any(String), detail: expect.any(String) });
  expect(answer.text.length).toBeLessThan(1_000);
});

it.each(['/api/v1/workers/a%00b', '/api/v1/tasks?worker=a%00b'])('the monitor refuses what no name can hold: %s', async (url) => {
  const answer = await monitor.request('GET', url);
  expect([answer.status, answer.json?.detail]).toEqual([400, 'An address must not hold NUL characters or lone surrogates.']);
});
