/**
 * Goal: no request, however odd, makes the web server answer what its own OpenAPI document does not say. Method: requests
 * made from that document, valid and nearly so, over a database with a little of everything.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { saveService } from '#platform/db/queries/save-service.ts';
import { aSpec, aTask, endInstance, saveDag } from '../webserver/dag-fixtures.ts';
import { type Answer, type Harness, startHarness } from '../webserver/harness.ts';
import { FUZZ_TIMEOUT_MS, fuzz } from './budget.ts';
import { DEEP_JSON, HOSTILE_TEXTS } from './hostile.ts';
import { arbitraryOf, type Schema } from './schema-arbitrary.ts';

interface Operation {
  readonly method: string;
  readonly path: string;
  readonly parameters: readonly {
    readonly name: string;
    readonly in: 'path' | 'query';
    readonly required: boolean;
    readonly schema: Schema;
  }[];
  readonly body: Schema | undefined;
  readonly statuses: readonly number[];
  readonly isPublic: boolean;
}
interface Sent {
  readonly method: string;
  readonly url: string;
  readonly body: unknown;
}

/** Ids that exist, for path parameters, query filters and fields of bodies. */
const KNOWN = {
  dag_id: ['etl', 'etl', '~', 'nope'],
  dag_run_id: ['r1', 'r1', '~', 'nope'],
  run_id: ['r1', 'nope'],
  task_id: ['extract', 'load', 'nope'],
  map_index: [-1, 0],
  try_number: [1, 0, 99],
  task_try_number: [1],
  xcom_key: ['return_value', 'nope'],
  pool_name: ['default_pool', 'other'],
  variable_key: ['greeting', 'nope'],
  connection_id: ['warehouse', 'nope'],
  asset_id: [1],
  backfill_id: [1],
  limit: [1, 100],
  order_by: ['id', '-dag_id', 'nope'],
} as const;

let web: Harness;
let operations: readonly Operation[];

beforeAll(async () => {
  web = await startHarness();
  await saveDag(
    web.db,
    aSpec('etl', {
      tags: ['daily'],
      paramsDefaults: { rows: 1 },
      paramsSchema: { type: 'object', properties: { rows: { type: 'integer' } } },
      tasks: [aTask('extract'), aTask('load', { upstream: ['extract'] })],
    }),
  );
  await saveService(web.db, { serviceId: 's1', kind: 'scheduler', hostname: 'h', pid: 1, version: '1' });
  await refill();
  const { paths } = (await web.request('GET', '/openapi.json')).json;
  operations = Object.entries(paths as Record<string, Record<string, Schema>>).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      method: method.toUpperCase(),
      path,
      parameters: operation.parameters,
      body: operation.requestBody?.content['application/json'].schema,
      statuses: Object.keys(operation.responses).map(Number),
      isPublic: operation.security === undefined,
    })),
  );
});
afterAll(() => web.stop());

/** What a request may have deleted meanwhile. */
async function refill(): Promise<void> {
  await web.request('POST', '/api/v2/variables', { body: { key: 'greeting', value: 'hello' } });
  await web.request('POST', '/api/v2/connections', {
    body: { connection_id: 'warehouse', conn_type: 'postgres', host: 'h', password: 'tall-ship-42' },
  });
  await web.request('POST', '/api/v2/pools', { body: { name: 'other', slots: 3 } });
  const run = await web.request('POST', '/api/v2/dags/etl/dagRuns', { body: { dag_run_id: 'r1', logical_date: null } });
  if (run.status === 200) await endInstance(web.db, { dagId: 'etl', runId: 'r1', taskId: 'extract' }, 'success');
}

function requestOf(operation: Operation, sloppy: boolean): fc.Arbitrary<Sent> {
  const making = { sloppy, known: KNOWN };
  const parameters = operation.parameters.filter((parameter) => parameter.in === 'query');
  const path = fc.record(
    Object.fromEntries(
      operation.parameters
        .filter((parameter) => parameter.in === 'path')
        .map(({ name, schema }) => [name, arbitraryOf(schema, making, name)]),
    ),
  );
  const query = fc.record(Object.fromEntries(parameters.map(({ name, schema }) => [name, arbitraryOf(schema, making, name)])), {
    requiredKeys: parameters.filter(({ required }) => required).map(({ name }) => name),
  });
  const body = operation.body === undefined ? fc.constant(undefined) : arbitraryOf(operation.body, making);
  return fc.tuple(path, query, body).map(([ids, filters, given]) => ({
    method: operation.method,
    url: `${operation.path.replace(/\{(\w+)\}/g, (_, name: string) => encoded(ids[name]) || 'x')}${queryOf(filters)}`,
    body: given,
  }));
}

/** Half of a surrogate pair has no form in an address. */
const encoded = (value: unknown) => encodeURIComponent((typeof value === 'string' ? value : (JSON.stringify(value) ?? '')).toWellFormed());
const queryOf = (filters: Readonly<Record<string, unknown>>) => {
  const parts = Object.entries(filters).flatMap(([name, value]) => [value].flat().map((one) => `${name}=${encoded(one)}`));
  return parts.length === 0 ? '' : `?${parts.join('&')}`;
};

async function send(sent: Sent, role?: null): Promise<Answer> {
  // Text, so that nothing on the way makes it well again.
  const isGiven = sent.body !== undefined;
  return web.request(sent.method, sent.url, {
    ...(role === null && { role }),
    ...(isGiven && { body: JSON.stringify(sent.body), headers: { 'content-type': 'application/json' } }),
  });
}

function obeysTheDocument(operation: Operation, sent: Sent, answer: Answer): void {
  const shown = JSON.stringify({ ...sent, answered: answer.status, text: answer.text.slice(0, 300) });
  expect(answer.status, shown).toBeLessThan(500);
  expect(operation.statuses, shown).toContain(answer.status);
  if (answer.status === 204) expect(answer.text, shown).toBe('');
  else if (answer.text !== '') expect(String(answer.headers['content-type']), shown).toMatch(/^application\/(json|x-ndjson)/);
  if (answer.status >= 400) expect(answer.json?.detail, shown).toBeDefined();
  expect(answer.text, shown).not.toMatch(/tall-ship-42|node_modules|\bat .*\.ts:\d+/);
}

const NOT_FUZZED = /^\/auth\//;
const fuzzed = () => operations.filter(({ path }) => !NOT_FUZZED.test(path));

it.each([
  ['valid', false],
  ['nearly valid', true],
])('%s requests are answered as the document says', { timeout: FUZZ_TIMEOUT_MS }, async (_, sloppy) => {
  const cases = fc.constantFrom(...fuzzed()).chain((operation) => requestOf(operation, sloppy).map((sent) => ({ operation, sent })));
  let count = 0;
  await fuzz(
    fc.asyncProperty(cases, async ({ operation, sent }) => {
      if (count++ % 25 === 0) await refill();
      obeysTheDocument(operation, sent, await send(sent));
    }),
    1_500,
  );
});

it.each(DEEP_JSON)('%s without a bottom, as a body or any part of one, are refused as the document says', async (_, deep) => {
  const takers = fuzzed().filter((operation) => operation.body !== undefined);
  expect(takers.length).toBeGreaterThan(10);
  for (const operation of takers) {
    const url = operation.path.replace(/\{(\w+)\}/g, (__, name: keyof typeof KNOWN) => String(KNOWN[name]?.[0] ?? 'x'));
    const parts = Object.keys(operation.body?.properties ?? {}).map((name) => `{${JSON.stringify(name)}:${deep}}`);
    for (const body of [deep, ...parts]) {
      const answer = await web.request(operation.method, url, { body, headers: { 'content-type': 'application/json' } });
      expect(answer.status, `${operation.method} ${url} ${body.slice(0, 60)}: ${answer.text.slice(0, 200)}`).toBeGreaterThanOrEqual(400);
      obeysTheDocument(operation, { method: operation.method, url, body: body.slice(0, 60) }, answer);
    }
  }
});

it('a stranger is sent away with 401, whatever he sends', { timeout: FUZZ_TIMEOUT_MS }, async () => {
  const cases = fc.constantFrom(...fuzzed().filter((operation) => !operation.isPublic)).chain((operation) => requestOf(operation, true));
  await fuzz(
    fc.asyncProperty(cases, async (sent) => {
      const answer = await send(sent, null);
      // 414: of an id longer than any, the router wants to know nothing more.
      expect([401, 414], JSON.stringify(sent)).toContain(answer.status);
    }),
    300,
  );
});

it.each([
  {
    list: '/api/v2/variables',
    key: 'key',
    ids: fc.stringMatching(/^[A-Za-z0-9_.-]{1,30}$/),
    fields: { value: fc.string({ maxLength: 50 }), description: fc.option(fc.constantFrom(...HOSTILE_TEXTS)) },
    shows: ['description'],
  },
  {
    list: '/api/v2/pools',
    key: 'name',
    ids: fc.stringMatching(/^[A-Za-z0-9_]{1,30}$/),
    fields: { slots: fc.integer({ min: 0, max: 1_000 }), description: fc.option(fc.constantFrom(...HOSTILE_TEXTS)) },
    shows: ['slots', 'description'],
  },
  {
    list: '/api/v2/connections',
    key: 'connection_id',
    ids: fc.stringMatching(/^[A-Za-z0-9_.-]{1,30}$/),
    fields: {
      conn_type: fc.constantFrom('http', 'postgres'),
      host: fc.option(fc.constantFrom(...HOSTILE_TEXTS)),
      port: fc.integer({ min: 1, max: 65_535 }),
    },
    shows: ['conn_type', 'host', 'port'],
  },
])(
  'what is created at $list is there, then changed, then gone',
  { timeout: FUZZ_TIMEOUT_MS },
  async ({ list, key, ids, fields, shows }) => {
    await fuzz(
      fc.asyncProperty(ids, fc.record(fields as Record<string, fc.Arbitrary<unknown>>), async (id, given) => {
        const at = `${list}/${encodeURIComponent(id)}`;
        const body = { [key]: id, ...given };
        const created = await send({ method: 'POST', url: list, body });
        if (created.status === 409 || created.status === 422) return;
        expect(created.status, created.text).toBe(201);
        const found = await web.request('GET', at);
        expect(found.status, found.text).toBe(200);
        for (const name of shows) expect(found.json[name]).toEqual(given[name]);
        expect((await send({ method: 'POST', url: list, body })).status).toBe(409);
        expect((await web.request('DELETE', at)).status).toBe(204);
        expect((await web.request('GET', at)).status).toBe(404);
        expect((await web.request('DELETE', at)).status).toBe(404);
      }),
      25,
    );
  },
);
