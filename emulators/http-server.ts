/** What the emulators share: a server on the loopback address, JSON in and out, and faults on demand. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface EmulatedRequest {
  readonly method: string;
  /** Still percent-encoded. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

export interface EmulatedResponse {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON unless it is bytes. */
  readonly body?: unknown;
}

/** An answer in Google's form of an error. */
export class GoogleError extends Error {
  readonly status: number;
  readonly reason: string;

  constructor(status: number, reason: string, message: string) {
    super(message);
    this.status = status;
    this.reason = reason;
  }
}

/** Requests that go wrong on purpose: `{ method: 'GET', path: /alt=media/, status: 503, times: 2 }`. */
export interface Fault {
  readonly method?: string;
  /** Tested against path and query. */
  readonly path?: RegExp;
  /** `reset` cuts the connection; `lost` does the work and then cuts it. */
  readonly status: number | 'reset' | 'lost';
  readonly times: number;
}

export interface Emulator {
  readonly url: string;
  /** The next requests that match fail. */
  fail(fault: Fault): void;
  stop(): Promise<void>;
}

/** Port 0 takes a free one. Rejects when the port is taken. */
export async function serveEmulator(port: number, answer: (request: EmulatedRequest) => Promise<EmulatedResponse>): Promise<Emulator> {
  const faults: { readonly fault: Fault; left: number }[] = [];
  const server = createServer((request, response) => {
    void respond(request, response, faults, answer);
  });
  await listen(server, port);
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    fail: (fault) => void faults.push({ fault, left: fault.times }),
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve());
  });
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  faults: { readonly fault: Fault; left: number }[],
  answer: (request: EmulatedRequest) => Promise<EmulatedResponse>,
): Promise<void> {
  try {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const target = request.url ?? '/';
    const method = request.method ?? 'GET';
    const hit = faults.find(({ fault, left }) => left > 0 && (fault.method ?? method) === method && (fault.path?.test(target) ?? true));
    if (hit !== undefined) hit.left -= 1;
    if (hit?.fault.status === 'reset') return void request.socket.destroy();
    if (typeof hit?.fault.status === 'number')
      throw new GoogleError(hit.fault.status, 'backendError', 'This is a fault that was asked for.');
    const url = new URL(target, 'http://127.0.0.1');
    const made = await answer({
      method,
      path: url.pathname,
      query: url.searchParams,
      headers: request.headers,
      body: Buffer.concat(chunks),
    });
    if (hit?.fault.status === 'lost') return void request.socket.destroy();
    send(response, made);
  } catch (error) {
    if (response.headersSent || response.destroyed) return void response.destroy();
    const known = error instanceof GoogleError ? error : new GoogleError(500, 'internalError', (error as Error).message);
    const { status, reason, message } = known;
    send(response, { status, body: { error: { code: status, message, errors: [{ domain: 'global', reason, message }] } } });
  }
}

function send(response: ServerResponse, { status = 200, headers = {}, body }: EmulatedResponse): void {
  const isBytes = body instanceof Uint8Array;
  const bytes = body === undefined ? Buffer.alloc(0) : isBytes ? body : Buffer.from(JSON.stringify(body));
  response.writeHead(status, {
    ...(isBytes || body === undefined ? {} : { 'content-type': 'application/json; charset=UTF-8' }),
    'content-length': String(bytes.byteLength),
    ...headers,
  });
  response.end(bytes);
}

/** The JSON of a request; an empty body is an empty object. Throws 400. */
export function jsonOf(body: Buffer): Record<string, unknown> {
  if (body.byteLength === 0) return {};
  try {
    return JSON.parse(body.toString('utf8')) as Record<string, unknown>;
  } catch {
    throw new GoogleError(400, 'parseError', 'The body is no JSON.');
  }
}
