/**
 * Goal: whatever is sent as conf, params, a variable's value or a connection's extra is refused with the field and the reason, or kept
 * as it is; a refused request leaves nothing behind. Method: raw bodies, as no JSON writer would make them.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aSpec, aTask, saveDag } from '../webserver/dag-fixtures.ts';
import { type Answer, type Harness, startHarness } from '../webserver/harness.ts';
import { SECRETS } from './say.ts';

let web: Harness;
beforeAll(async () => {
  web = await startHarness();
  await saveDag(
    web.db,
    aSpec('etl', {
      paramsDefaults: { rows: 1, day: '2026-01-01' },
      paramsSchema: {
        type: 'object',
        properties: {
          rows: { type: 'integer', minimum: 0 },
          day: { type: 'string', format: 'date', pattern: '^\\d{4}-\\d\\d-\\d\\d$' },
          mode: { enum: ['full', 'delta'] },
        },
        required: ['rows'],
      },
      tasks: [aTask('extract')],
    }),
  );
});
afterAll(() => web.stop());

const send = (method: string, url: string, body: string): Promise<Answer> =>
  web.request(method, url, { body, headers: { 'content-type': 'application/json' } });
const trigger = (conf: string) => send('POST', '/api/v2/dags/etl/dagRuns', `{"logical_date": null, "conf": ${conf}}`);
const counts = async () => {
  const { rows } = await web.db.pool.query(
    'select (select count(*)::int from dag_run) as runs, (select count(*)::int from variable) as variables, (select count(*)::int from connection) as connections, (select count(*)::int from audit_log) as audit',
  );
  return rows[0];
};
const nested = (depth: number) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;
const listed = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;
const MIB = 'x'.repeat(1_048_576);

async function refused(answer: Answer, status: readonly number[], words: RegExp): Promise<void> {
  expect(status, answer.text.slice(0, 300)).toContain(answer.status);
  expect(answer.text).toMatch(words);
  expect(answer.json).toMatchObject({ detail: expect.anything(), code: expect.any(String), next: expect.any(String) });
  expect(answer.text).not.toMatch(/node_modules|\bat .*\.ts:\d+/);
  expect(answer.text).not.toMatch(SECRETS);
  expect(answer.text.length).toBeLessThan(5_000);
}

describe('the conf of a run', () => {
  it.each<[string, string, readonly number[], RegExp]>([
    ['of a wrong type', '{"rows": "many"}', [400], /rows.*integer/],
    ['below the minimum', '{"rows": -1}', [400], /rows.*>= 0/],
    ['that is no date', '{"rows": 1, "day": "yesterday"}', [400], /day: must be a date such as 2026-01-31/],
    ['that is none of the choices', '{"rows": 1, "mode": "all"}', [400], /mode/],
    ['null for what is needed', '{"rows": null}', [400], /rows/],
    ['beyond every number', '{"rows": 1e999}', [422], /A number is larger than any number can be/],
    ['a list', '[1]', [422], /conf/],
    ['a text', '"rows"', [422], /conf/],
    ['a number', '7', [422], /conf/],
    ['half a JSON', '{"rows": ', [422], /JSON decode error/],
    ['with a trailing comma', '{"rows": 1,}', [422], /JSON decode error/],
    ['not quoted', "{rows: 1, 'day': NaN}", [422], /JSON decode error/],
    ['with NUL', '{"rows": 1, "note": "a\\u0000b"}', [422], /NUL/],
    ['with NUL in a key', '{"rows": 1, "a\\u0000b": 1}', [422], /NUL/],
    ['with half a surrogate', '{"rows": 1, "note": "\\ud800"}', [422], /lone surrogates/],
    ['with __proto__', '{"rows": 1, "__proto__": {"evil": true}}', [422], /no field may be named __proto__/],
    ['with constructor.prototype', '{"rows": 1, "constructor": {"prototype": {"evil": true}}}', [422], /no field may be named __proto__/],
    ['too large', `{"rows": 1, "big": "${MIB}"}`, [413], /larger than this route allows. Send less/],
    ['nested without end', `{"rows": 1, "deep": ${nested(20_000)}}`, [422], /nested deeper than 200 levels/],
    ['of lists without end', `{"rows": 1, "deep": ${listed(100_000)}}`, [422], /nested deeper than 200 levels/],
  ])('%s is refused, and no run is made', async (_, conf, status, words) => {
    const before = await counts();
    await refused(await trigger(conf), status, words);
    expect(await counts()).toEqual(before);
    expect(({} as Record<string, unknown>)['evil']).toBeUndefined();
  });

  it.each([
    ['of its own schema', '{"rows": 3, "mode": "delta"}'],
    ['with names that no schema knows', '{"rows": 1, "toString": "x", "hasOwnProperty": 1, "": 2, "🦀": "é"}'],
    ['with numbers at the edge', '{"rows": 9007199254740991, "tiny": 5e-324, "zero": -0}'],
    ['with text of every kind', '{"rows": 1, "text": "<img src=x onerror=alert(1)> \\u202e \\\\ \\" \\n {{ conn.x }}"}'],
    ['nested as nobody needs', `{"rows": 1, "deep": ${nested(100)}}`],
  ])('%s is kept as it is', async (_, conf) => {
    const answer = await trigger(conf);
    expect(answer.status, answer.text).toBe(200);
    expect(answer.json.conf).toEqual(JSON.parse(conf.replace('-0', '0')));
  });
});

describe('other values', () => {
  it.each<[string, string, string, readonly number[], RegExp]>([
    ['a variable without a value', '/api/v2/variables', '{"key": "k"}', [422], /value.*Field required|Field required/],
    [
      'a variable beyond its size',
      '/api/v2/variables',
      `{"key": "k", "value": "${'x'.repeat(600_000)}"}`,
      [422],
      /at most 524288 characters/,
    ],
    ['a variable with NUL', '/api/v2/variables', '{"key": "k", "value": "a\\u0000"}', [422], /NUL/],
    [
      'a connection whose extra is no JSON',
      '/api/v2/connections',
      '{"connection_id": "c", "conn_type": "http", "extra": "hunter2"}',
      [422],
      /extra.*JSON object/,
    ],
    [
      'a connection whose port is no port',
      '/api/v2/connections',
      '{"connection_id": "c", "conn_type": "http", "port": 70000, "password": "hunter2"}',
      [422],
      /port/,
    ],
    [
      'a connection with an id of spaces',
      '/api/v2/connections',
      '{"connection_id": "a b", "conn_type": "http", "password": "hunter2"}',
      [422],
      /connection_id.*A-Z a-z/,
    ],
    ['a field that there is not', '/api/v2/pools', '{"name": "p", "slots": 1, "is_admin": true}', [422], /is_admin.*Extra inputs/],
    ['an event of endless lists', '/api/v2/events/arrived', listed(100_000), [422], /nested deeper than 200 levels/],
  ])('%s is refused, and nothing is written', async (_, url, body, status, words) => {
    const before = await counts();
    await refused(await send('POST', url, body), status, words);
    expect(await counts()).toEqual(before);
  });
});
