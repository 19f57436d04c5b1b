/** The time of the database, by which everything is due: somebody who sets the clock of this machine makes nothing due sooner, or later. */
import type { Clock } from '#platform/clock.ts';

export class DatabaseTime {
  /** Database time minus ours, ms. */
  offsetMs = 0;
  readonly #clock: Clock;
  /** Our wall time when the monotonic clock was 0, as it was believed to be at the start. */
  readonly #originMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#originMs = clock.now() - clock.monotonic();
  }

  nowMs(): number {
    return this.#ownMs + this.offsetMs;
  }

  /** What the database's clock says just now. */
  hear(ms: number): void {
    this.offsetMs = ms - this.#ownMs;
  }

  get #ownMs(): number {
    return this.#originMs + this.#clock.monotonic();
  }
}
