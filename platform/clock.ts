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

/** A UUIDv7: sorts by creation, which keeps primary-key inserts at the right edge of the index. */
export function newId(nowMs: number = Date.now()): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(nowMs, 0, 6);
  bytes[6] = (bytes[6]! & 0x0f) | 0x70;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
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
