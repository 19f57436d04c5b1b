import type { Clock } from '#platform/clock.ts';

/** A read is repeated so rarely that it costs at most a tenth of one connection's time. */
const COST_FACTOR = 10;

/**
 * One read for all who look: however many browsers are open, the database is asked once per `freshMs`, and a
 * slow answer is kept longer. A failed read is not kept.
 */
export class SharedRead<T> {
  readonly #read: () => Promise<T>;
  readonly #clock: Clock;
  readonly #freshMs: number;
  #pending: Promise<T> | null = null;
  #affordableAt = 0;
  #freshUntil = 0;

  constructor(clock: Clock, freshMs: number, read: () => Promise<T>) {
    this.#clock = clock;
    this.#freshMs = freshMs;
    this.#read = read;
  }

  /** Returns the value, at most `freshMs` (or ten times its own cost) old. */
  get(): Promise<T> {
    if (this.#pending && this.#clock.monotonic() < this.#freshUntil) return this.#pending;
    const begunAt = this.#clock.monotonic();
    this.#freshUntil = Number.POSITIVE_INFINITY;
    const pending = this.#read();
    this.#pending = pending;
    pending.then(
      () => {
        const costMs = this.#clock.monotonic() - begunAt;
        this.#affordableAt = begunAt + COST_FACTOR * costMs;
        this.#freshUntil = Math.max(begunAt + this.#freshMs, this.#affordableAt);
      },
      () => {
        this.#pending = null;
      },
    );
    return pending;
  }

  /** Something changed: the next `get` asks again, as soon as that is affordable. */
  expire(): void {
    if (this.#freshUntil !== Number.POSITIVE_INFINITY) this.#freshUntil = this.#affordableAt;
  }
}
