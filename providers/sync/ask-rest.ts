/** One request to a REST API, patient with what passes. */
import type { Connection } from '#sdk/context.ts';
import { Fatal, RetryAfter } from '#sdk/outcomes.ts';
import type { SyncCtx } from './sync-types.ts';

export interface RestAnswer {
  readonly body: unknown;
  /** The address of the next page in the Link header. */
  readonly link: string | null;
}

interface Asked {
  readonly connection?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const TIMEOUT_MS = 60_000;
const TRIES = 4;
const SHOWN_CHARS = 300;
const BODY_BYTES_MAX = 64 * 1024 * 1024;

/** Tries 429 and 5xx again, as the server says; other refusals are final. */
export async function askRest(ctx: SyncCtx, url: string, { connection, headers }: Asked): Promise<RestAnswer> {
  const authorization = connection === undefined ? {} : authorizationOf(await ctx.conn<Connection>(connection));
  for (let tries = 1; ; tries++) {
    const signal = AbortSignal.any([ctx.signal, AbortSignal.timeout(TIMEOUT_MS)]);
    const answer = await fetch(url, { headers: { accept: 'application/json', ...authorization, ...headers }, signal }).catch(
      (cause: unknown) => {
        ctx.signal.throwIfAborted();
        throw new Error(`GET ${withoutQuery(url)} was not answered: ${reasonOf(cause)}`, { cause });
      },
    );
    if (answer.ok) return { body: await bodyOf(answer, url), link: linkOf(answer.headers.get('link')) };
    const said = (await answer.text()).slice(0, SHOWN_CHARS);
    if (answer.status !== 429 && answer.status < 500) throw new Fatal(`GET ${withoutQuery(url)} answered ${answer.status}: ${said}`);
    const afterMs = retryAfterMs(answer.headers.get('retry-after')) ?? 500 * 2 ** (tries - 1);
    if (tries === TRIES)
      throw new RetryAfter(`${Math.ceil(afterMs)}ms`, `GET ${withoutQuery(url)} answered ${answer.status} ${TRIES} times: ${said}`);
    await new Promise((resolve) => setTimeout(resolve, Math.min(afterMs, 30_000)));
    ctx.signal.throwIfAborted();
  }
}

function authorizationOf({ login, password }: Connection): Readonly<Record<string, string>> {
  if (password === null) return {};
  return { authorization: login ? `Basic ${Buffer.from(`${login}:${password}`).toString('base64')}` : `Bearer ${password}` };
}

async function bodyOf(answer: Response, url: string): Promise<unknown> {
  const text = await answer.text();
  if (text.length > BODY_BYTES_MAX)
    throw new Fatal(`An answer of ${withoutQuery(url)} has more than ${BODY_BYTES_MAX / 1024 / 1024} MiB. Ask for smaller pages.`);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Fatal(`GET ${withoutQuery(url)} answered something that is no JSON: ${text.slice(0, SHOWN_CHARS)}`, { cause });
  }
}

/** "fetch failed" says nothing; why it did is its cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  return cause instanceof Error ? cause.message || ((cause as NodeJS.ErrnoException).code ?? cause.name) : String(cause);
}

/** For people to read: a query may hold a key, and a name before the host a password. */
export function withoutQuery(url: string): string {
  return (url.split('?', 1)[0] ?? url).replace(/^([a-z]+:\/\/)[^/@]*@/i, '$1');
}

function retryAfterMs(header: string | null): number | null {
  if (header === null) return null;
  const seconds = Number(header);
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1000);
  const at = Date.parse(header);
  return Number.isNaN(at) ? null : Math.max(0, at - Date.now());
}

function linkOf(header: string | null): string | null {
  for (const part of (header ?? '').split(/,\s*(?=<)/)) {
    const match = /^<([^>]*)>(.*)$/.exec(part.trim());
    if (match && /;\s*rel="?(?:[^"]*\s)?next(?:\s[^"]*)?"?/i.test(match[2] ?? '')) return match[1] ?? null;
  }
  return null;
}

/** "data.items" of an answer; undefined when it is not there. */
export function valueAt(body: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((value, key) => {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    return (value as Record<string, unknown>)[key];
  }, body);
}
