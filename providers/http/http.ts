/** The `http` task: one request, its answer checked. */
import { parseDuration } from '#core/duration.ts';
import { ANYTHING, type Field, FUNCTION, fields, optional, TEXT, TEXT_RECORD } from '#sdk/fields.ts';
import { type Duration, defineTask, RetryAfter } from '#sdk/index.ts';

export interface HttpResult {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Parsed when the answer says that it is JSON, else text. */
  readonly body: unknown;
}

export interface HttpInput {
  readonly url: string;
  /** Default GET, or POST when there is a body. */
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Text is sent as it is; anything else as JSON. */
  readonly body?: unknown;
  /** Default 30 s. */
  readonly timeout?: Duration;
  /** Decides whether the answer is good; default: status 200 to 299. A text says what is wrong. */
  readonly check?: (answer: HttpResult) => boolean | string;
}

const TIMEOUT_MS = 30_000;
/** A larger body belongs into a file, not into a result. */
const BODY_BYTES_MAX = 10 * 1024 * 1024;
const SHOWN_CHARS = 500;
const DURATION: Field = { fits: (value) => parseDuration(value) !== null, wanted: 'a duration like "30s"' };
const METHOD: Field = { fits: (value) => typeof value === 'string' && /^[A-Za-z]+$/.test(value), wanted: 'a method like "GET"' };

/** `task("ping", { url: "https://example.com/health" }, http)`. 429 and 503 obey the server's Retry-After. */
export const http = defineTask({
  name: 'http',
  input: fields<HttpInput>({
    url: TEXT,
    method: optional(METHOD),
    headers: optional(TEXT_RECORD),
    body: ANYTHING,
    timeout: optional(DURATION),
    check: optional(FUNCTION),
  }),
  templateFields: ['url', 'headers', 'body'],
  run: async (input, ctx): Promise<HttpResult> => {
    const method = (input.method ?? (input.body === undefined ? 'GET' : 'POST')).toUpperCase();
    const timeoutMs = parseDuration(input.timeout) ?? TIMEOUT_MS;
    const timeout = AbortSignal.timeout(timeoutMs);
    const asJson = input.body !== undefined && typeof input.body !== 'string';
    let response: Response;
    let bytes: Uint8Array;
    try {
      response = await fetch(input.url, {
        method,
        headers: { ...(asJson ? { 'content-type': 'application/json' } : {}), ...input.headers },
        ...(input.body === undefined ? {} : { body: asJson ? JSON.stringify(input.body) : (input.body as string) }),
        signal: AbortSignal.any([ctx.signal, timeout]),
      });
      bytes = await readBody(response);
    } catch (cause) {
      ctx.signal.throwIfAborted();
      throw explain(method, input.url, timeout.aborted ? `no answer within ${timeoutMs} ms` : reasonOf(cause), cause);
    }
    const answer = { status: response.status, headers: Object.fromEntries(response.headers), body: parseBody(response, bytes) };
    ctx.log.info(`${method} ${withoutSecrets(input.url)} -> ${answer.status}`, { bytes: bytes.length });
    refuseBadAnswer(method, input, answer);
    return answer;
  },
});

async function readBody(response: Response): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > BODY_BYTES_MAX)
      throw new Error(`the answer is larger than ${BODY_BYTES_MAX / 1024 / 1024} MiB; stream it into a file of ctx.scratch instead`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function parseBody(response: Response, bytes: Uint8Array): unknown {
  const text = new TextDecoder().decode(bytes);
  if (!/[/+]json\b/.test(response.headers.get('content-type') ?? '')) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function refuseBadAnswer(method: string, input: HttpInput, answer: HttpResult): void {
  const verdict = input.check ? input.check(answer) : answer.status >= 200 && answer.status < 300;
  if (verdict === true) return;
  const shown = (typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body)).slice(0, SHOWN_CHARS);
  const reason = typeof verdict === 'string' ? verdict : `status ${answer.status}`;
  const error = explain(method, input.url, `${reason}. It answered: ${shown}`);
  const waitSeconds = Number(answer.headers['retry-after']);
  if ((answer.status === 429 || answer.status === 503) && Number.isFinite(waitSeconds))
    throw new RetryAfter(Math.max(0, waitSeconds) * 1_000, error.message);
  throw error;
}

function explain(method: string, url: string, reason: string, cause?: unknown): Error {
  return new Error(`${method} ${withoutSecrets(url)} failed: ${reason}`, cause === undefined ? {} : { cause });
}

/** fetch hides the reason in the cause: "fetch failed" -> "connect ECONNREFUSED 127.0.0.1:1". */
function reasonOf(error: unknown): string {
  const { message, cause } = error as { message?: string; cause?: { message?: string; code?: string } };
  return cause?.message || cause?.code || message || String(error);
}

/** Credentials and the query string stay out of logs. */
function withoutSecrets(url: string): string {
  if (!URL.canParse(url)) return url;
  const { origin, pathname } = new URL(url);
  return origin + pathname;
}
