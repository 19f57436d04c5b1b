/** Does a server answer as wanted: its status, and fields of its JSON? */

import { isSensitiveKey } from '#core/sensitive-key.ts';
import type { WaiterArgs } from '#core/waiting/kinds.ts';
import { requireConnection } from '#platform/secrets/secret-store.ts';
import type { LookDeps, Seen } from './look.ts';

interface HttpArgs {
  readonly url?: string;
  readonly connection?: string;
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** Any of these; default 200 to 299. */
  readonly status?: readonly number[];
  /** Dotted path -> the value, or one of several, that has to be there. */
  readonly json?: Readonly<Record<string, unknown>>;
  readonly requestTimeoutMs?: number;
}

const TIMEOUT_MS = 30_000;
/** What is kept of an answer as the event. */
const ANSWER_MAX_BYTES = 256 * 1024;

/** The value is `{status, body}`: the JSON, or the text. Rejects when the server cannot be reached. */
export async function lookHttp(given: WaiterArgs, deps: LookDeps): Promise<Seen> {
  const args = given as HttpArgs;
  const { url, headers } = await requestOf(args, deps);
  const response = await fetch(url, {
    method: args.method ?? 'GET',
    headers,
    ...(args.body === undefined ? {} : { body: typeof args.body === 'string' ? args.body : JSON.stringify(args.body) }),
    signal: AbortSignal.any([deps.signal, AbortSignal.timeout(args.requestTimeoutMs ?? TIMEOUT_MS)]),
  });
  const text = await readText(response);
  const wanted = args.status ?? null;
  if (wanted === null ? !response.ok : !wanted.includes(response.status)) return { seen: 'nothing', note: `HTTP ${response.status}` };
  const body = parsed(text);
  for (const [path, value] of Object.entries(args.json ?? {})) {
    const found = path.split('.').reduce<unknown>((inner, key) => (inner as Record<string, unknown> | null | undefined)?.[key], body);
    const fits = Array.isArray(value) ? value.some((one) => same(one, found)) : same(value, found);
    if (!fits) return { seen: 'nothing', note: `HTTP ${response.status}, ${path} is ${shown(path, found)}` };
  }
  return { seen: 'found', value: { status: response.status, body } };
}

async function requestOf(args: HttpArgs, deps: LookDeps): Promise<{ url: string; headers: Record<string, string> }> {
  const headers: Record<string, string> = { accept: 'application/json, */*', ...args.headers };
  if (args.body !== undefined && typeof args.body !== 'string') headers['content-type'] ??= 'application/json';
  if (args.connection === undefined) return { url: String(args.url), headers };
  const { host, port, login, password, schema, type, extra } = await requireConnection(
    deps.secrets as Parameters<typeof requireConnection>[0],
    args.connection,
  );
  if (login !== null) headers['authorization'] ??= `Basic ${Buffer.from(`${login}:${password ?? ''}`).toString('base64')}`;
  for (const [name, value] of Object.entries((extra['headers'] ?? {}) as Record<string, string>))
    headers[name.toLowerCase()] ??= String(value);
  const origin = host?.includes('://') ? host : `${schema ?? (type === 'https' ? 'https' : 'http')}://${host ?? 'localhost'}`;
  const base = port === null ? origin : `${origin}:${port}`;
  return { url: new URL(args.path ?? args.url ?? '/', base.endsWith('/') ? base : `${base}/`).href, headers };
}

async function readText(response: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of response.body ?? []) {
    size += part.length;
    if (size > ANSWER_MAX_BYTES) throw new Error(`the answer has more than ${ANSWER_MAX_BYTES / 1024} KiB`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

const same = (wanted: unknown, found: unknown): boolean => JSON.stringify(wanted) === JSON.stringify(found);
const shown = (path: string, value: unknown): string => (isSensitiveKey(path) ? '***' : (JSON.stringify(value) ?? 'missing').slice(0, 100));
