/** Retries inside of one attempt, for what a cloud calls transient. The task's own retries do the rest. */

export interface TryAgainOptions {
  readonly signal?: AbortSignal | undefined;
  readonly isTransient: (error: unknown) => boolean;
  /** Default 5. */
  readonly tries?: number;
  /** Before the second try, doubled each time, with jitter; default 250 ms. */
  readonly delayMs?: number;
}

const DELAY_MS_MAX = 10_000;

/** Rejects with the last error, or with the signal's reason. */
export async function tryAgain<T>(work: () => Promise<T>, { signal, isTransient, tries = 5, delayMs = 250 }: TryAgainOptions): Promise<T> {
  for (let done = 1; ; done++) {
    signal?.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      signal?.throwIfAborted();
      if (done >= tries || !isTransient(error)) throw error;
      await pause(Math.min(DELAY_MS_MAX, delayMs * 2 ** (done - 1)) * (0.5 + Math.random() / 2), signal);
    }
  }
}

/** Resolves after the time, or at once when the signal aborts. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done, { once: true });
    if (signal?.aborted) done();
    function done() {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    }
  });
}

const CONNECTION_CODES = new Set([
  'ECONNRESET',
  'ECONNREFUSED',
  'ETIMEDOUT',
  'EPIPE',
  'EAI_AGAIN',
  'ENOTFOUND',
  'ERR_STREAM_PREMATURE_CLOSE',
  'UND_ERR_SOCKET',
]);

/** Whether an HTTP status, or the code of a broken connection, may be another the next time. */
export function isTransientCode(code: unknown): boolean {
  const status = Number(code);
  if (Number.isInteger(status)) return status === 408 || status === 429 || status >= 500;
  return typeof code === 'string' && CONNECTION_CODES.has(code);
}
