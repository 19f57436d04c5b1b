/**
 * Whether a write waits a moment for the ends of other bodies: while several short ones run, theirs are due at once, and
 * one statement for all costs little more than one for the first. A wait that brought nothing is not repeated for a while.
 */
import type { Clock, Timer } from '#platform/clock.ts';

const WAIT_MS = 2;
/** Bodies this short, on the average, are worth waiting for. */
const SHORT_MS = 10;
const SKIPPED_AFTER_VAIN = 16;

export class Linger {
  readonly #clock: Clock;
  readonly #paceMs: () => number;
  #running = 0;
  #skip = 0;
  #waiting: { readonly resolve: () => void; readonly timer: Timer; heard: boolean } | null = null;

  /** `paceMs`: how long a slot is held, on the average of late. */
  constructor(clock: Clock, paceMs: () => number) {
    this.#clock = clock;
    this.#paceMs = paceMs;
  }

  began(): void {
    this.#running += 1;
  }

  ended(): void {
    this.#running -= 1;
    if (this.#waiting === null) return;
    this.#waiting.heard = true;
    if (this.#running === 0) this.#go();
  }

  /** Null = nothing is worth waiting for. */
  wait(): Promise<void> | null {
    if (this.#running === 0 || this.#paceMs() > SHORT_MS) return null;
    if (this.#skip > 0) {
      this.#skip -= 1;
      return null;
    }
    return new Promise((resolve) => {
      this.#waiting = { resolve, timer: this.#clock.after(WAIT_MS, () => this.#go()), heard: false };
    });
  }

  #go(): void {
    const waiting = this.#waiting;
    if (waiting === null) return;
    this.#waiting = null;
    waiting.timer.cancel();
    if (!waiting.heard) this.#skip = SKIPPED_AFTER_VAIN;
    // What has just ended has its write to add first.
    setImmediate(() => setImmediate(waiting.resolve));
  }
}
