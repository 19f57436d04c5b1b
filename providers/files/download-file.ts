/**
 * A file from a URL, streamed to disk. One attempt: what may help next time is left to the task's retries.
 */
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { Fatal, RetryAfter } from '#sdk/outcomes.ts';

export interface DownloadOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** Give up when nothing arrives for this long; default 60 s. */
  readonly idleTimeoutMs?: number;
  /** Give up when the file is larger; default no limit. */
  readonly maxBytes?: number;
  /** Called at the start, once a second, and at the end; `totalBytes` is null when the server does not say. */
  readonly onProgress?: (bytes: number, totalBytes: number | null) => void;
}

export interface Download {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

const DEFAULT_IDLE_TIMEOUT_MS = 60_000;
const REPORT_EVERY_MS = 1000;

/**
 * Streams `url` (http or https) into `path`, which appears only when the file is whole. Throws Fatal for what no retry
 * will mend (a wrong URL, 404, too large), RetryAfter when the server names a time, an ordinary error otherwise.
 */
export async function downloadFile(url: string, path: string, options: DownloadOptions = {}): Promise<Download> {
  const address = readAddress(url);
  const idle = new IdleTimer(options.idleTimeoutMs ?? DEFAULT_IDLE_TIMEOUT_MS);
  const signal = options.signal === undefined ? idle.signal : AbortSignal.any([options.signal, idle.signal]);
  const unfinished = `${path}.${process.pid}.part`;
  try {
    const response = await fetch(address, { signal, headers: { ...options.headers } });
    if (!response.ok || response.body === null) throw refusal(url, response);
    const meter = new Meter(url, lengthOf(response), idle, options);
    await pipeline(response.body, (chunks: AsyncIterable<Uint8Array>) => meter.pass(chunks), createWriteStream(unfinished), { signal });
    meter.checkLength();
    await rename(unfinished, path);
    return { path, bytes: meter.bytes, sha256: meter.sha256() };
  } catch (error) {
    await rm(unfinished, { force: true });
    if (idle.signal.aborted)
      throw new Error(`${url}: nothing arrived for ${idle.timeoutMs} ms; the download was given up.`, { cause: error });
    throw options.signal?.aborted ? options.signal.reason : unreachable(url, error);
  } finally {
    idle.stop();
  }
}

function readAddress(url: string): URL {
  const address = URL.canParse(url) ? new URL(url) : null;
  if (address?.protocol === 'http:' || address?.protocol === 'https:') return address;
  throw new Fatal(`"${url}" is not an http or https URL. Give one like https://example.org/trips.csv.gz.`);
}

/** Bytes of the body, or null when unknown: a body that fetch unpacks is longer than its header says. */
function lengthOf(response: Response): number | null {
  const length = response.headers.get('content-length');
  return length === null || response.headers.has('content-encoding') ? null : Number(length);
}

/** 4xx will not mend itself, but for a timeout, a conflict, "too early" and "too many". */
const WORTH_A_RETRY = new Set([408, 409, 425, 429]);

function refusal(url: string, response: Response): Error {
  const what = `${url}: the server answered ${response.status} ${response.statusText}.`;
  if (response.status >= 400 && response.status < 500 && !WORTH_A_RETRY.has(response.status)) return new Fatal(`${what} Check the URL.`);
  const seconds = Number(response.headers.get('retry-after') ?? '');
  return seconds > 0 ? new RetryAfter(seconds * 1000, what) : new Error(what);
}

/** fetch says only "fetch failed"; the reason is in its cause. */
function unreachable(url: string, error: unknown): unknown {
  if (!(error instanceof TypeError)) return error;
  const cause = error.cause as { code?: string; message?: string } | undefined;
  return new Error(`${url}: the download failed: ${cause?.message || cause?.code || error.message}.`, { cause: error });
}

class IdleTimer {
  readonly timeoutMs: number;
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;

  constructor(timeoutMs: number) {
    this.timeoutMs = timeoutMs;
    this.#timer = setTimeout(() => this.#controller.abort(), timeoutMs);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  restart(): void {
    this.#timer.refresh();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}

/** Counts and hashes what passes, and holds it to its limits. */
class Meter {
  bytes = 0;
  readonly #url: string;
  readonly #expected: number | null;
  readonly #idle: IdleTimer;
  readonly #options: DownloadOptions;
  readonly #hash = createHash('sha256');

  constructor(url: string, expected: number | null, idle: IdleTimer, options: DownloadOptions) {
    this.#url = url;
    this.#expected = expected;
    this.#idle = idle;
    this.#options = options;
  }

  async *pass(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    const { maxBytes, onProgress } = this.#options;
    let reportedAt = Number.NEGATIVE_INFINITY;
    for await (const chunk of chunks) {
      this.#idle.restart();
      this.bytes += chunk.byteLength;
      if (maxBytes !== undefined && this.bytes > maxBytes) {
        throw new Fatal(`${this.#url}: the file is larger than the ${maxBytes} bytes allowed. Raise maxBytes if that is right.`);
      }
      this.#hash.update(chunk);
      if (performance.now() - reportedAt >= REPORT_EVERY_MS) {
        reportedAt = performance.now();
        onProgress?.(this.bytes, this.#expected);
      }
      yield chunk;
    }
    onProgress?.(this.bytes, this.#expected);
  }

  checkLength(): void {
    if (this.#expected === null || this.#expected === this.bytes) return;
    throw new Error(`${this.#url}: ${this.bytes} bytes arrived of ${this.#expected}.`);
  }

  sha256(): string {
    return this.#hash.digest('hex');
  }
}
