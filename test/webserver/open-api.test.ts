/**
 * Goal: GET /openapi.json says what the server answers, no more and no less. Method: every request of every test here is held
 * against it (harness.ts); these are the laws over the document itself, and the proof that the check can fail.
 */
import cookie from '@fastify/cookie';
import { fastify } from 'fastify';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { type ApiDocument, answerCheck } from '#test/support/answer-check.ts';
import { registerRoutes } from '../../webserver/http/register-routes.ts';
import { route } from '../../webserver/http/route.ts';
import { aSpec, aTask, saveDag } from './dag-fixtures.ts';
import { type Harness, startHarness } from './harness.ts';

let web: Harness;
// biome-ignore lint/suspicious/noExplicitAny: a document of any depth.
let document: any;
beforeAll(async () => {
  web = await startHarness();
  await saveDag(web.db, aSpec('etl', { tasks: [aTask('extract')] }));
  document = (await web.request('GET', '/openapi.json')).json;
});
afterAll(() => web.stop());

it('every success has a schema, but those that have no body', () => {
  const bare = Object.entries(document.paths as ApiDocument['paths']).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, { responses }]) => {
      const [status, response] = Object.entries(responses).find(([code]) => code < '400') ?? ['none', {}];
      return response.content === undefined ? [`${method} ${path} ${status}`] : [];
    }),
  );
  expect(bare.filter((line) => !/ (204|302)$/.test(line))).toEqual([]);
});

it('every refusal of every route is one schema, with what was wrong, a code and the next step', async () => {
  const refusals = Object.values(document.paths as ApiDocument['paths'])
    .flatMap((methods) => Object.values(methods))
    .flatMap(({ responses }) => Object.entries(responses).filter(([status]) => status >= '400'))
    .map(([, { content }]) => JSON.stringify(content?.['application/json']?.schema));
  expect([...new Set(refusals)]).toEqual(['{"$ref":"#/components/schemas/Problem"}']);
  expect(document.components.schemas.Problem.required).toEqual(['detail', 'code', 'next']);
  const refused = await web.request('POST', '/api/v2/pools', { body: { name: 'p', slots: 'many' } });
  expect(refused.json).toEqual({
    detail: [{ loc: ['body', 'slots'], msg: expect.any(String), type: 'type_error' }],
    code: 'VALIDATION',
    next: expect.stringContaining('Mend the fields'),
  });
});

it('a resource is described once and referred to from everywhere', () => {
  const text = JSON.stringify(document.paths);
  for (const name of ['DagRun', 'TaskInstance', 'Dag', 'Pool', 'Asset']) expect(text).toContain(`"#/components/schemas/${name}"`);
  expect(text).not.toContain('$defs');
});

it.each([
  ['a field that the document forgot', (pool: object) => ({ ...pool, colour: 'red' }), /additional properties.*colour/],
  ['a promised field that is missing', ({ slots: _, ...pool }: Record<string, unknown>) => pool, /required property 'slots'/],
  ['a field of another type', (pool: object) => ({ ...pool, slots: 'many' }), /slots must be integer/],
])('an answer with %s does not pass (control)', async (_, spoil, wrong) => {
  const url = '/api/v2/pools/default_pool';
  const answer = await web.request('GET', url);
  const check = answerCheck(document);
  check('GET', url, answer);
  expect(() => check('GET', url, { ...answer, text: JSON.stringify(spoil(answer.json)) })).toThrow(wrong);
  expect(() => check('GET', url, { ...answer, status: 418 })).toThrow(/418, which the document does not list/);
});

it('a schema only describes: a field that it forgot arrives all the same', async () => {
  const app = fastify();
  await app.register(cookie);
  app.decorateRequest('principal', null);
  const forgetful = route({
    method: 'GET',
    url: '/things',
    permission: 'public',
    summary: 'Things.',
    response: z.strictObject({ known: z.int() }),
    handle: () => ({ known: 1, forgotten: 2 }),
  });
  registerRoutes(app, web.deps, [forgetful]);
  expect((await app.inject('/things')).json()).toEqual({ known: 1, forgotten: 2 });
  await app.close();
});
