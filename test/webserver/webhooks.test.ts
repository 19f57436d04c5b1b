/** Goal: a webhook starts a run for whoever signs with its secret, once for each request, and for nobody else. Real HTTP, real Postgres. */
import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aSpec, saveDag } from './dag-fixtures.ts';
import { type Harness, startHarness } from './harness.ts';

const SECRET = 'a secret of a webhook';
let web: Harness;
beforeAll(async () => {
  web = await startHarness();
  await saveDag(
    web.db,
    aSpec('etl', { paramsSchema: { type: 'object', properties: { rows: { type: 'integer' } }, additionalProperties: false } }),
  );
  const add = (connection_id: string, more: object) =>
    web.request('POST', '/api/v2/connections', { body: { connection_id, conn_type: 'webhook', password: SECRET, schema: 'etl', ...more } });
  await add('orders', {});
  await add('hub', { extra: '{"scheme": "github"}' });
  await add('short', { password: 'short' });
  await add('warehouse', { conn_type: 'postgres' });
});
afterAll(() => web.stop());

interface Call {
  readonly body?: object;
  readonly secret?: string;
  /** When it was signed, in seconds since 1970: now. */
  readonly at?: number;
  /** Before that. */
  readonly agedSeconds?: number;
  readonly headers?: Record<string, string>;
}

const nowSeconds = () => Math.floor(web.deps.clock.now() / 1_000);

function call(name: string, { body = { rows: 1 }, secret = SECRET, at = nowSeconds(), agedSeconds = 0, headers = {} }: Call = {}) {
  const stamp = String(at - agedSeconds);
  const signature = createHmac('sha256', secret)
    .update(`${stamp}.${JSON.stringify(body)}`)
    .digest('hex');
  const signed = { 'x-windlass-timestamp': stamp, 'x-windlass-signature': `sha256=${signature}`, ...headers };
  return web.request('POST', `/api/v2/webhooks/${name}`, { role: null, body, headers: signed });
}

const runs = async () => (await web.request('GET', '/api/v2/dags/etl/dagRuns')).json.total_entries as number;

describe('a signed request', () => {
  it('starts a run with its body as params, and again it is the same run', async () => {
    const before = await runs();
    const request = { body: { rows: 7 }, at: nowSeconds() };
    const first = await call('orders', request);
    expect(first).toMatchObject({ status: 202, json: { dag_id: 'etl', is_new: true, state: 'queued' } });
    expect(await call('orders', request)).toMatchObject({
      status: 202,
      json: { is_new: false, dag_run_id: first.json.dag_run_id },
    });
    expect(await runs()).toBe(before + 1);
    const run = await web.request('GET', `/api/v2/dags/etl/dagRuns/${first.json.dag_run_id}`);
    expect(run.json).toMatchObject({ conf: { rows: 7 }, triggering_user_name: 'webhook:orders' });
    const { event_logs } = (await web.request('GET', '/api/v2/eventLogs?event=webhook.call')).json;
    expect(event_logs).toHaveLength(1);
  });

  it('is taken from GitHub as it signs', async () => {
    const body = { rows: 3 };
    const signature = createHmac('sha256', SECRET).update(JSON.stringify(body)).digest('hex');
    const headers = { 'x-hub-signature-256': `sha256=${signature}` };
    const answer = await web.request('POST', '/api/v2/webhooks/hub', { role: null, body, headers });
    expect(answer).toMatchObject({ status: 202, json: { is_new: true } });
  });

  it('is refused in words when the params do not fit the DAG', async () => {
    const answer = await call('orders', { body: { rows: 'many' } });
    expect(answer.status).toBe(400);
    expect(answer.text).toContain('rows');
  });
});

describe('nobody else gets in', () => {
  it.each([
    ['with another secret', 'orders', { secret: 'another secret of mine' }, 'not that of this body'],
    [
      'with a signature of another body',
      'orders',
      { headers: { 'x-windlass-signature': `sha256=${'0'.repeat(64)}` } },
      'not that of this body',
    ],
    ['without a signature', 'orders', { headers: { 'x-windlass-signature': '' } }, 'it needs the header x-windlass-signature'],
    ['too late', 'orders', { agedSeconds: 400 }, 'signed more than 300 s ago'],
    ['ahead of time', 'orders', { agedSeconds: -400 }, 'or ahead'],
    ['by the way of GitHub where it is not allowed', 'hub', {}, 'x-hub-signature-256'],
    ['through a name that is none', 'nothing', {}, 'there is none of this name'],
    ['through a connection of another type', 'warehouse', {}, 'there is none of this name'],
    ['through one whose secret is too short', 'short', { secret: 'short' }, 'there is none of this name'],
  ] as [string, string, Call, string][])('%s', async (_what, name, how, words) => {
    const before = await runs();
    const answer = await call(name, how);
    expect(answer.status).toBe(401);
    expect(answer.text).toContain(words);
    expect(answer.text).not.toContain(SECRET);
    expect(await runs()).toBe(before);
  });
});
