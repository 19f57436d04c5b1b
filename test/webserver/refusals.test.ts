/** Goal: what is refused before any route sees it is answered as everything else is, `{"detail": …}`. Over a real socket. */
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Harness, startHarness } from './harness.ts';

let web: Harness;
let port: number;

beforeAll(async () => {
  web = await startHarness();
  port = Number(new URL(await web.app.listen({ port: 0, host: '127.0.0.1' })).port);
});
afterAll(() => web.stop());

async function send(head: string): Promise<{ status: number; detail: string }> {
  const socket = connect(port, '127.0.0.1');
  socket.end(`${head}\r\n\r\n`);
  const answer = await text(socket);
  const [, status] = answer.split(' ');
  return { status: Number(status), detail: (JSON.parse(answer.slice(answer.indexOf('\r\n\r\n'))) as { detail: string }).detail };
}

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close`;

it.each([
  ['a half escape', get('/api/v2/dags/%zz'), 400, /% must be followed by two hexadecimal digits/],
  ['bytes that are no UTF-8', get('/api/v2/dags/%ff'), 400, /must be UTF-8/],
  ['an endless id', get(`/api/v2/dags/${'x'.repeat(5000)}`), 414, /longer than any id/],
  ['an endless address', get(`/api/v2/dags?limit=${'9'.repeat(20_000)}`), 431, /too long together/],
  ['a control character in a header', `${get('/api/v2/dags')}\r\nAuthorization: Bearer \u007f\u0001`, 400, /control characters/],
  ['what is no HTTP at all', 'hello', 400, /not a request that HTTP knows/],
])('refuses %s in words', async (_, head, status, detail) => {
  expect(await send(head)).toEqual({ status, detail: expect.stringMatching(detail) });
});
