/** Goal: web requests as tasks. A real server on a random port. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { dag } from '#sdk/index.ts';
import { attemptTask } from '#test/support/task-attempt.ts';
import { type HttpInput, http } from '../../providers/http/index.ts';

let server: Server;
let url: string;

const ROUTES: Readonly<Record<string, (request: IncomingMessage, response: ServerResponse) => void>> = {
  '/json': (_request, response) => response.setHeader('content-type', 'application/json').end('{"n":1}'),
  '/echo': (request, response) => {
    let text = '';
    request.on('data', (chunk) => {
      text += String(chunk);
    });
    request.on('end', () => response.end(`${request.method} ${request.headers['content-type']} ${text}`));
  },
  '/missing': (_request, response) => response.writeHead(404).end('no such thing'),
  '/busy': (_request, response) => response.writeHead(429, { 'retry-after': '7' }).end('later'),
  '/silent': () => {},
  '/large': (_request, response) => response.end(Buffer.alloc(11 * 1024 * 1024)),
};

beforeAll(async () => {
  server = createServer((request, response) => ROUTES[new URL(request.url ?? '/', 'http://x').pathname]?.(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const run = async (input: HttpInput, signal?: AbortSignal) =>
  (
    await attemptTask(
      dag('d', {}, ({ task }) => task('t', input, http)),
      't',
      signal ? { signal } : {},
    )
  ).result;

test('JSON is parsed, text is not', async () => {
  expect(await run({ url: `${url}/json` })).toMatchObject({
    value: { status: 200, body: { n: 1 }, headers: { 'content-type': 'application/json' } },
  });
  expect(await run({ url: `${url}/echo`, body: { a: 1 } })).toMatchObject({ value: { body: 'POST application/json {"a":1}' } });
  expect(await run({ url: `${url}/echo`, method: 'put', body: 'x', headers: { 'content-type': 'text/csv' } })).toMatchObject({
    value: { body: 'PUT text/csv x' },
  });
});

test('a bad status fails with what the server said, unless the check takes it', async () => {
  expect(await run({ url: `${url}/missing?token=secret` })).toMatchObject({
    outcome: 'failed',
    retryable: true,
    error: { message: `GET ${url}/missing failed: status 404. It answered: no such thing` },
  });
  expect(await run({ url: `${url}/missing`, check: ({ status }) => status === 404 })).toMatchObject({ outcome: 'success' });
  expect(await run({ url: `${url}/json`, check: ({ body }) => (body as { n: number }).n > 1 || 'n is too small' })).toMatchObject({
    outcome: 'failed',
    error: { message: expect.stringContaining('n is too small') },
  });
});

test("the server's Retry-After is obeyed", async () => {
  expect(await run({ url: `${url}/busy` })).toMatchObject({ outcome: 'failed', retryable: true, retryAfterMs: 7_000 });
});

test('no answer, no server and too large an answer each say so', async () => {
  expect(await run({ url: `${url}/silent`, timeout: '200ms' })).toMatchObject({
    error: { message: expect.stringContaining('no answer within 200 ms') },
  });
  expect(await run({ url: 'http://127.0.0.1:1/' })).toMatchObject({
    error: { message: expect.stringMatching(/failed: .*(ECONNREFUSED|bad port)/) },
  });
  expect(await run({ url: `${url}/large` })).toMatchObject({ error: { message: expect.stringContaining('larger than 10 MiB') } });
});

test('an abort ends the request', async () => {
  const abort = new AbortController();
  const running = run({ url: `${url}/silent` }, abort.signal);
  abort.abort(new Error('cancelled'));
  expect(await running).toMatchObject({ outcome: 'failed', error: { message: 'cancelled' } });
});
