// Goal: the proxy does to a connection what it says, in the direction it says, and then lets it go on or cuts it.
// Method: a server that answers each line with it, a client through the proxy, and a note of what either has seen.
import { createServer, connect as dial, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FaultProxy } from '#test/support/fault-proxy.ts';
import { until } from '#test/support/until.ts';

let server: Server;
let proxy: FaultProxy;
/** What arrived at the server, and the sockets it has. */
let arrived = '';
const sockets = new Set<Socket>();
const clients: Client[] = [];

beforeEach(async () => {
  arrived = '';
  server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      arrived += bytes.toString();
      socket.write(`${bytes}`.toUpperCase());
    });
  });
  const port = await new Promise<number>((resolve) =>
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port)),
  );
  proxy = await FaultProxy.open(port);
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.socket.destroy();
  await proxy.close();
  for (const socket of sockets) socket.destroy();
  server.close();
});

interface Client {
  readonly socket: Socket;
  readonly seen: { text: string; error: string | null; closed: boolean };
}

async function connect(): Promise<Client> {
  const socket = dial(proxy.port, '127.0.0.1');
  const seen = { text: '', error: null as string | null, closed: false };
  socket.on('data', (bytes) => {
    seen.text += bytes.toString();
  });
  socket.on('error', (error: NodeJS.ErrnoException) => {
    seen.error = error.code ?? error.message;
  });
  socket.on('close', () => {
    seen.closed = true;
  });
  const client = { socket, seen };
  clients.push(client);
  // One that is cut at once may never have been connected.
  await new Promise((resolve) => socket.once('connect', resolve).once('close', resolve));
  return client;
}

/** Connected through to the server: it has answered once. */
async function connected(): Promise<Client> {
  const client = await connect();
  await says(client, 'hello ');
  return client;
}

async function says(client: Client, text: string): Promise<void> {
  client.socket.write(text);
  await until(() => client.seen.text.endsWith(text.toUpperCase()), { what: `the answer to ${text}` });
}

describe('the fault proxy', () => {
  it('passes bytes and ends on while nothing is asked of it', async () => {
    const client = await connected();
    client.socket.end();
    await until(() => client.seen.closed && sockets.size === 0, { what: 'both ends are closed' });
    expect(client.seen).toEqual({ text: 'HELLO ', error: null, closed: true });
    expect(proxy.connections).toBe(0);
  });

  it('holds requests and delivers them later, also when their sender is gone by then', async () => {
    const client = await connected();
    proxy.hold('up');
    client.socket.write('late ');
    await until(() => proxy.counts.held === 1, { what: 'the bytes are in the proxy' });
    client.socket.destroy();
    await until(() => client.seen.closed, { what: 'the client is gone' });
    expect(arrived).toBe('hello ');
    proxy.heal();
    await until(() => arrived === 'hello late ', { what: 'the bytes arrive' });
    await until(() => sockets.size === 0, { what: 'the server learns that the client is gone' });
  });

  it('holds answers while requests arrive', async () => {
    const client = await connected();
    proxy.hold('down');
    client.socket.write('asked ');
    await until(() => arrived === 'hello asked ' && proxy.counts.held === 1, { what: 'the request arrives, the answer is held' });
    expect(client.seen.text).toBe('HELLO ');
    proxy.heal();
    await until(() => client.seen.text === 'HELLO ASKED ', { what: 'the answer comes' });
  });

  it('swallows bytes without a word, takes new connections, and cuts what lost bytes when it heals', async () => {
    const old = await connected();
    proxy.swallow('up', 'down');
    old.socket.write('lost ');
    const fresh = await connect();
    fresh.socket.write('lost too ');
    await until(() => proxy.counts.swallowed === 2, { what: 'both are swallowed' });
    expect([old.seen.closed, fresh.seen.closed]).toEqual([false, false]);
    proxy.heal();
    await until(() => old.seen.error === 'ECONNRESET' && fresh.seen.error === 'ECONNRESET', { what: 'both are cut' });
    expect(arrived).toBe('hello ');
    await connected();
  });

  it('delivers a request and cuts the connection instead of the answer', async () => {
    const client = await connected();
    proxy.loseAnswers();
    client.socket.write('commit ');
    await until(() => client.seen.error === 'ECONNRESET', { what: 'the client is cut off' });
    expect(arrived).toBe('hello commit ');
    expect(client.seen.text).toBe('HELLO ');
    expect(proxy.counts.answersLost).toBe(1);
  });

  it('leaves a connection half open: the server has ended it, the client is not told', async () => {
    const client = await connected();
    proxy.halfOpen();
    await until(() => sockets.size === 0, { what: 'the server has no connection left' });
    client.socket.write('to nobody ');
    await until(() => proxy.counts.swallowed === 1, { what: 'the bytes go nowhere' });
    expect(client.seen.closed).toBe(false);
    await connected();
  });

  it('cuts, and refuses until it heals', async () => {
    const client = await connected();
    proxy.refuse();
    await until(() => client.seen.error === 'ECONNRESET', { what: 'the connection is cut' });
    const refused = await connect();
    await until(() => refused.seen.closed, { what: 'a new one is cut at once' });
    proxy.heal();
    await connected();
    expect(proxy.counts).toMatchObject({ cut: 1, refused: 1 });
  });

  it('is slow by as much as it is told, and keeps the order', async () => {
    const client = await connected();
    proxy.slow(40, 40, () => 0.5);
    const startedAt = performance.now();
    client.socket.write('a');
    client.socket.write('b');
    await until(() => client.seen.text === 'HELLO AB', { what: 'both come in order' });
    expect(performance.now() - startedAt).toBeGreaterThan(119);
  });
});
