/**
 * Slows down guessing: after some wrong passwords for one user from one address, each further try waits twice
 * as long. In memory and bounded; the rate limit on the route bounds guessing over many names.
 */
import { AppError } from '#core/errors.ts';
import type { Clock } from '#platform/clock.ts';

const FREE_FAILURES = 5;
const FIRST_DELAY_MS = 1_000;
const MAX_DELAY_MS = 15 * 60_000;
const MAX_ENTRIES = 10_000;

export class LoginBackoff {
  readonly #clock: Clock;
  readonly #failures = new Map<string, { count: number; blockedUntil: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Throws TOO_MANY_REQUESTS while the pair has to wait. */
  check(username: string, ip: string): void {
    const entry = this.#failures.get(keyOf(username, ip));
    const waitMs = entry === undefined ? 0 : entry.blockedUntil - this.#clock.monotonic();
    if (waitMs > 0)
      throw new AppError('TOO_MANY_REQUESTS', `Too many wrong passwords. Try again in ${Math.ceil(waitMs / 1000)} s.`, {
        retryAfterSeconds: Math.ceil(waitMs / 1000),
      });
  }

  failed(username: string, ip: string): void {
    const key = keyOf(username, ip);
    const count = (this.#failures.get(key)?.count ?? 0) + 1;
    const delayMs = count < FREE_FAILURES ? 0 : Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** (count - FREE_FAILURES));
    // Re-inserted, so that the map's order is by last failure and the oldest goes first.
    this.#failures.delete(key);
    this.#failures.set(key, { count, blockedUntil: this.#clock.monotonic() + delayMs });
    const oldest = this.#failures.keys().next();
    if (this.#failures.size > MAX_ENTRIES && !oldest.done) this.#failures.delete(oldest.value);
  }

  succeeded(username: string, ip: string): void {
    this.#failures.delete(keyOf(username, ip));
  }
}

function keyOf(username: string, ip: string): string {
  return JSON.stringify([username.slice(0, 128), ip]);
}
