/**
 * The only place that knows time and randomness. Loops get a Clock passed in, so that tests move time; the
 * database's clock, not this one, decides about leases and about what is due.
 */
import { randomBytes, randomUUID } from 'node:crypto';

export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Wall time, milliseconds since 1970. */
  now(): number;
  /** Never goes back; milliseconds from an arbitrary origin. */
  monotonic(): number;
  after(delayMs: number, run: () => void): Timer;
  /** Resolves after the delay, or at once with the reason `false` when the signal aborts. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<boolean>;
}

/** setTimeout overflows to 1 ms past 2^31-1; nothing here waits that long in one go. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(delayMs, run) {
    const handle = setTimeout(run, Math.min(Math.max(0, delayMs), MAX_TIMEOUT_MS));
    return { cancel: () => clearTimeout(handle) };
  },
  sleep(delayMs, signal) {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve(false);
      const handle = setTimeout(() => finish(true), Math.min(Math.max(0, delayMs), MAX_TIMEOUT_MS));
      const abort = () => finish(false);
      const finish = (elapsed: boolean) => {
        clearTimeout(handle);
        signal?.removeEventListener('abort', abort);
        resolve(elapsed);
      };
      signal?.addEventListener('abort', abort, { once: true });
    });
  },
};

/** What the work resolves with, or `late` when that takes longer. The timer goes with the work: thousands left behind would hold what they know of. */
export function within<T, L>(clock: Clock, limitMs: number, work: Promise<T>, late: L): Promise<T | L> {
  return new Promise((resolve, reject) => {
    const timer = clock.after(limitMs, () => resolve(late));
    work.then(
      (value) => {
        timer.cancel();
        resolve(value);
      },
      (error: unknown) => {
        timer.cancel();
        reject(error);
      },
    );
  });
}

/** A UUIDv7: sorts by creation, which keeps primary-key inserts at the right edge of the index. */
export function newId(nowMs: number = Date.now()): string {
  // Node keeps random bytes for these in stock: a tenth of what asking for sixteen costs.
  const random = randomUUID();
  const time = nowMs.toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${random.slice(15)}`;
}

/** 256 random bits, URL-safe. For tokens and passwords. */
export function newSecret(bytes = 32): string {
  return randomBytes(bytes).toString('base64url');
}

export function newRequestId(): string {
  return randomUUID();
}

/** 0 up to 1, for jitter. */
export function newRandom(): number {
  return Math.random();
}
