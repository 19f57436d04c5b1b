/** Goal: each notifier sends what it says, and tells what may be tried again from what may not. Method: real HTTP and SMTP servers on this machine. */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { type CallbackEvent, type Connection, dag, type Notifier } from '#sdk/index.ts';
import { invoke } from '#sdk/runtime/run-callback.ts';
import { notify } from '../../providers/notify/index.ts';

interface Got {
  readonly url: string;
  readonly method: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Record<string, unknown>;
}

let web: Server;
let smtp: SMTPServer;
let webUrl = '';
let smtpPort = 0;
let status = 200;
const got: Got[] = [];
const mails: { readonly from: string; readonly to: readonly string[]; readonly text: string; readonly user: string | undefined }[] = [];

beforeAll(async () => {
  web = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk) => (text += chunk));
    request.on('end', () => {
      got.push({ url: request.url ?? '', method: request.method ?? '', headers: request.headers, body: JSON.parse(text) });
      response.writeHead(status).end('no such channel');
    });
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => web.once('listening', resolve));
  webUrl = `http://127.0.0.1:${(web.address() as AddressInfo).port}`;
  smtp = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onAuth: (auth, _session, done) =>
      auth.password === 'right' ? done(null, { user: auth.username ?? '' }) : done(new Error('Invalid username or password')),
    onRcptTo: (address, _session, done) => done(address.address.startsWith('nobody') ? new Error('550 no such user') : null),
    onData: (stream, session, done) => {
      let text = '';
      stream.on('data', (chunk) => (text += chunk));
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope;
        mails.push({
          from: mailFrom ? mailFrom.address : '',
          to: rcptTo.map((one) => one.address),
          text,
          user: session.user as string | undefined,
        });
        done();
      });
    },
  });
  await new Promise<void>((resolve) => {
    smtp.listen(0, '127.0.0.1', () => resolve());
  });
  smtpPort = (smtp.server.address() as AddressInfo).port;
});
beforeEach(() => {
  status = 200;
  got.length = 0;
  mails.length = 0;
});
afterAll(async () => {
  await new Promise((resolve) => web.close(resolve));
  await new Promise<void>((resolve) => {
    smtp.close(() => resolve());
  });
});

function anEvent(connection: Partial<Connection>, change: Partial<CallbackEvent> = {}): CallbackEvent {
  const whole = { id: 'c', type: 'http', host: null, port: null, login: null, password: null, schema: null, extra: {}, ...connection };
  const now = new Date('2026-01-02T03:04:05Z');
  return {
    reason: 'task_failure',
    message: 'it <broke>',
    error: { name: 'Error', message: 'it <broke>', stack: 'secret stack' },
    task: { id: 'pay', attempt: 2, mapIndex: -1 },
    url: 'http://windlass/dags/d/runs/r/tasks/pay',
    at: now,
    deadline: null,
    request: null,
    ctx: {
      params: {},
      run: { id: 'r', dagId: 'd', type: 'manual', logicalDate: now, interval: { start: now, end: now }, isLatest: true },
      signal: new AbortController().signal,
      log: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {}, group: async (_name: string, run: () => unknown) => run() },
      conn: async <T>() => whole as T,
      variable: async () => null,
      template: async (text: string, values?: Readonly<Record<string, unknown>>) =>
        text.replace('{{ reason }}', String(values?.['reason'])),
      idempotencyKey: 'key-1',
      macros: {},
      xcom: { pull: async () => undefined },
    } as unknown as CallbackEvent['ctx'],
    ...change,
  };
}

const send = (notifier: Notifier, event: CallbackEvent) => invoke(notifier, event);

it('a webhook gets what happened as JSON, with the token of its connection and a key for what is sent twice', async () => {
  await send(notify.webhook({ connection: 'c' }), anEvent({ host: webUrl, password: 'token' }));
  expect(got).toMatchObject([
    {
      method: 'POST',
      headers: { authorization: 'Bearer token', 'content-type': 'application/json', 'idempotency-key': 'key-1' },
      body: {
        dagId: 'd',
        runId: 'r',
        taskId: 'pay',
        reason: 'task_failure',
        message: 'it <broke>',
        url: 'http://windlass/dags/d/runs/r/tasks/pay',
      },
    },
  ]);
  expect(JSON.stringify(got[0]?.body)).not.toContain('secret stack');
});

it('a webhook may say its own body, method and path, with templates', async () => {
  const own = notify.webhook({
    connection: 'c',
    url: '/hook',
    method: 'PUT',
    headers: { 'x-team': 'sales' },
    body: { text: ['{{ reason }}!'] },
  });
  await send(own, anEvent({ host: webUrl }));
  expect(got).toMatchObject([{ url: '/hook', method: 'PUT', headers: { 'x-team': 'sales' }, body: { text: ['task_failure!'] } }]);
});

it('a refusal is final, a server that is down is not; neither shows the address with its secrets', async () => {
  const notifier = notify.webhook({ url: `${webUrl}/secret-path` });
  status = 404;
  const refused = await send(notifier, anEvent({})).catch((error: Error) => error);
  expect(refused).toMatchObject({ name: 'Fatal', message: expect.stringMatching(/refused the message with status 404: no such channel/) });
  expect(String(refused)).not.toContain('secret-path');
  for (status of [429, 503]) expect(await send(notifier, anEvent({})).catch((error: Error) => error)).toMatchObject({ name: 'Error' });
  const away = await send(notify.webhook({ url: 'http://127.0.0.1:1/x' }), anEvent({})).catch((error: Error) => error);
  expect(away).toMatchObject({ name: 'Error', message: expect.stringMatching(/cannot be reached: .*(ECONNREFUSED|bad port)/) });
});

it('Slack gets a message with a link and nothing that Slack would read as markup', async () => {
  await send(notify.slack({ connection: 'c' }), anEvent({ host: `${webUrl}/services`, password: 'T0/B0/xyz' }));
  expect(got[0]).toMatchObject({ url: '/services/T0/B0/xyz', method: 'POST' });
  expect(got[0]?.body['text']).toBe(':red_circle: *<http://windlass/dags/d/runs/r/tasks/pay|d.pay>* it &lt;broke&gt;\nr');
  await send(notify.slack({ connection: 'c', text: 'own: {{ reason }}', channel: '#sales' }), anEvent({ password: `${webUrl}/whole` }));
  expect(got[1]).toMatchObject({ url: '/whole', body: { text: 'own: task_failure', channel: '#sales' } });
});

it('an e-mail says what happened, to everybody it names, logged in as its connection says', async () => {
  const connection = { host: '127.0.0.1', port: smtpPort, login: 'windlass@example.com', password: 'right', extra: { tls: false } };
  await send(notify.email({ to: 'eva@example.com, max@example.com', cc: ['boss@example.com'] }), anEvent(connection));
  expect(mails).toMatchObject([
    { from: 'windlass@example.com', to: ['eva@example.com', 'max@example.com', 'boss@example.com'], user: 'windlass@example.com' },
  ]);
  expect(mails[0]?.text).toMatch(/^Subject: Windlass: d\.pay task failure\r$/m);
  expect(mails[0]?.text).toMatch(/^Message-ID: <key-1@windlass>\r$/m);
  expect(mails[0]?.text).toContain('http://windlass/dags/d/runs/r/tasks/pay');
});

it('a wrong password is final; a mail server that is away is tried again; a subject cannot add headers', async () => {
  const connection = { host: '127.0.0.1', port: smtpPort, login: 'w@example.com', extra: { tls: false } };
  const mail = notify.email({ to: 'eva@example.com', subject: 'one\r\nBcc: thief@example.com' });
  expect(await send(mail, anEvent({ ...connection, password: 'wrong' })).catch((error: Error) => error)).toMatchObject({ name: 'Fatal' });
  expect(await send(mail, anEvent({ ...connection, port: 1 })).catch((error: Error) => error)).toMatchObject({ name: 'Error' });
  await send(mail, anEvent({ ...connection, password: 'right' }));
  expect(mails[0]).toMatchObject({ to: ['eva@example.com'] });
});

it('what cannot be sent is an import error', () => {
  expect(() => notify.email({ to: '' })).toThrow(/email: it needs somebody to send it to/);
  expect(() => notify.webhook({})).toThrow(/webhook: it needs a connection or a url/);
  expect(() => dag('d', { onFailureCallback: notify.slack({} as never) }, () => {})).toThrow(/slack: it needs a connection/);
});
