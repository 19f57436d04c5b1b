/** Randomness that a seed repeats, on every machine. */

/** Mulberry32: small, and the same everywhere. Gives 0 up to 1. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What one draws from a source of numbers. */
export class Dice {
  readonly #random: () => number;

  constructor(seed: number) {
    this.#random = seeded(seed);
  }

  chance(probability: number): boolean {
    return this.#random() < probability;
  }

  /** Both ends included. */
  int(from: number, to: number): number {
    return from + Math.floor(this.#random() * (to - from + 1));
  }

  pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.#random() * from.length)] as T;
  }

  shuffled<T>(list: readonly T[]): readonly T[] {
    const drawn = [...list];
    for (let last = drawn.length - 1; last > 0; last--) {
      const other = this.int(0, last);
      [drawn[last], drawn[other]] = [drawn[other] as T, drawn[last] as T];
    }
    return drawn;
  }

  /** A source for a part of its own: what that draws does not change what comes after. */
  fork(): Dice {
    return new Dice(Math.floor(this.#random() * 2 ** 31));
  }
}
