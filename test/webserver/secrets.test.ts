/** Connections, variables and pools over REST; and that a secret which went in never comes out. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { requireConnection } from '#platform/secrets/secret-store.ts';
import { type Harness, startHarness } from './harness.ts';

let web: Harness;
beforeAll(async () => {
  web = await startHarness();
});
afterAll(() => web.stop());

const SENTINEL = 'S3nt1nel-value';
const connection = (overrides: object = {}) => ({
  connection_id: 'warehouse',
  conn_type: 'postgres',
  host: 'db.example',
  port: 5432,
  login: 'etl',
  schema: 'dwh',
  password: SENTINEL,
  extra: JSON.stringify({ sslmode: 'require', api_key: SENTINEL, nested: { token: SENTINEL } }),
  ...overrides,
});

describe('connections', () => {
  it('show everything but their secrets, to whoever reads them', async () => {
    const created = await web.request('POST', '/api/v2/connections', { body: connection() });
    expect(created.status).toBe(201);
    expect(created.json).toMatchObject({ connection_id: 'warehouse', host: 'db.example', port: 5432, password: '***' });
    expect(JSON.parse(created.json.extra)).toEqual({ sslmode: 'require', api_key: '***', nested: { token: '***' } });
    for (const url of ['/api/v2/connections', '/api/v2/connections/warehouse', '/ui/api/connections', '/api/v2/eventLogs'])
      expect((await web.request('GET', url)).text).not.toContain(SENTINEL);
    const { rows } = await web.db.pool.query('select to_jsonb(c)::text as text, secret from connection c');
    expect(rows[0].text + rows[0].secret.toString('latin1')).not.toContain(SENTINEL);
    expect((await web.request('GET', '/api/v2/connections', { role: 'user' })).status).toBe(403);
  });

  it('keep their secrets when *** is sent back', async () => {
    const shown = (await web.request('GET', '/api/v2/connections/warehouse')).json;
    const changed = await web.request('PATCH', '/api/v2/connections/warehouse', { body: { ...shown, host: 'new.example' } });
    expect(changed.json).toMatchObject({ host: 'new.example', password: '***' });
    const stored = await requireConnection(web.deps.secrets, 'warehouse');
    expect(stored).toMatchObject({ password: SENTINEL, host: 'new.example', extra: { api_key: SENTINEL, nested: { token: SENTINEL } } });
  });

  it('are tried as they stand, and as they are given, without a secret in the answer', async () => {
    const gone = { host: '127.0.0.1', port: 1 };
    await web.request('POST', '/api/v2/connections', { body: connection({ connection_id: 'unreachable', ...gone }) });
    const tried = await web.request('POST', '/api/v2/connections/unreachable/test');
    expect(tried).toMatchObject({ status: 200, json: { status: false, message: expect.stringContaining('nothing listens there') } });
    const given = connection({ connection_id: 'unreachable', ...gone, password: '***', schema: SENTINEL });
    const answer = await web.request('POST', '/api/v2/connections/test', { body: given });
    expect(answer.json).toMatchObject({ status: false, message: expect.stringContaining('(127.0.0.1:1/***)') });
    expect((await web.request('POST', '/api/v2/connections/none/test')).status).toBe(404);
    expect((await web.request('POST', '/api/v2/connections/unreachable/test', { role: 'user' })).status).toBe(403);
    await web.request('DELETE', '/api/v2/connections/unreachable');
  });

  it('exist once, and are refused when extra is no JSON object', async () => {
    const twice = await web.request('POST', '/api/v2/connections', { body: connection() });
    expect([twice.status, twice.json.detail.reason]).toEqual([409, 'Unique constraint violation']);
    const wrong = await web.request('POST', '/api/v2/connections', {
      body: connection({ connection_id: 'other', extra: `not json ${SENTINEL}` }),
    });
    expect(wrong.status).toBe(422);
    expect(wrong.text).not.toContain(SENTINEL);
  });

  it('that do not exist say how to add them', async () => {
    await expect(requireConnection(web.deps.secrets, 'my-db')).rejects.toThrow(
      /WINDLASS_CONN_MY_DB=type:\/\/login:password@host:port\/schema/,
    );
    expect((await web.request('DELETE', '/api/v2/connections/my-db')).status).toBe(404);
  });
});

describe('variables', () => {
  it('come back as text, and hidden when their name tells', async () => {
    const plain = await web.request('POST', '/api/v2/variables', { body: { key: 'batch', value: { size: 5 } } });
    expect([plain.status, plain.json.value, plain.json.is_encrypted]).toEqual([201, '{"size":5}', true]);
    const hidden = await web.request('POST', '/api/v2/variables', { body: { key: 'API_TOKEN', value: SENTINEL } });
    expect(hidden.json.value).toBe('***');
    await web.request('PATCH', '/api/v2/variables/API_TOKEN', { body: { key: 'API_TOKEN', value: '***', description: 'for the shop' } });
    expect(await web.deps.secrets.variable('API_TOKEN')).toBe(SENTINEL);
    expect((await web.request('GET', '/api/v2/variables?variable_key_pattern=api%25')).json).toMatchObject({ total_entries: 1 });
  });

  it('do not open in another row: the place is part of the seal', async () => {
    await web.db.pool.query("update variable set value = (select value from variable where key = 'API_TOKEN') where key = 'batch'");
    await expect(web.deps.secrets.variable('batch')).rejects.toThrow(/damaged/);
    await web.request('DELETE', '/api/v2/variables/batch');
  });
});

describe('pools', () => {
  it('are created, changed, renamed and deleted; the default one stays', async () => {
    const pool = await web.request('POST', '/api/v2/pools', { body: { name: 'few', slots: 2 } });
    expect(pool.json).toMatchObject({ name: 'few', slots: 2, open_slots: 2, occupied_slots: 0 });
    expect(
      (await web.request('PATCH', '/api/v2/pools/few?update_mask=slots', { body: { slots: 5, description: 'x' } })).json,
    ).toMatchObject({
      slots: 5,
      description: null,
    });
    expect((await web.request('PATCH', '/api/v2/pools/few', { body: { pool: 'many' } })).json.name).toBe('many');
    expect((await web.request('DELETE', '/api/v2/pools/many')).status).toBe(204);
    expect((await web.request('DELETE', '/api/v2/pools/default_pool')).status).toBe(400);
    expect((await web.request('PATCH', '/api/v2/pools/default_pool', { body: { description: 'mine' } })).status).toBe(400);
    expect((await web.request('PATCH', '/api/v2/pools/default_pool', { body: { slots: -1 } })).json).toMatchObject({
      slots: -1,
      open_slots: -1,
    });
  });

  it('are changed many at once; a refused action does not stop the others', async () => {
    const answer = await web.request('PATCH', '/api/v2/pools', {
      body: {
        actions: [
          {
            action: 'create',
            entities: [
              { name: 'a', slots: 1 },
              { name: 'b', slots: 1 },
            ],
          },
          {
            action: 'create',
            entities: [
              { name: 'a', slots: 9 },
              { name: 'c', slots: 9 },
            ],
          },
          { action: 'create', entities: [{ name: 'a', slots: 3 }], action_on_existence: 'overwrite' },
          { action: 'update', entities: [{ name: 'none', slots: 3 }], action_on_non_existence: 'skip' },
          { action: 'delete', entities: ['b', 'default_pool'] },
        ],
      },
    });
    expect(answer.status).toBe(200);
    expect(answer.json.create.success).toEqual(['a', 'b', 'a']);
    expect(answer.json.create.errors).toEqual([{ error: expect.stringContaining('exist already: a'), status_code: 409 }]);
    expect(answer.json.update).toEqual({ success: [], errors: [] });
    expect(answer.json.delete).toEqual({ success: ['b'], errors: [{ error: "Default Pool can't be deleted", status_code: 400 }] });
    expect((await web.request('GET', '/api/v2/pools/a')).json.slots).toBe(3);
  });
});
