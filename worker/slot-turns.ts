/**
 * Who may have a task process: as many attempts as there are slots, the others in the order in which they came. While
 * attempts are short, a worker claims some ahead, so that the next is at hand the moment a slot is free; one whose turn
 * does not come soon after all goes back, for another worker to take.
 */
import type { Clock, Timer } from '#platform/clock.ts';

/** Attempts this short, on the average, are worth claiming ahead. */
const SHORT_MS = 20;
/** Claimed ahead at most: so many a slot. */
const AHEAD_PER_SLOT = 3;
/** Weight of the newest attempt in the pace: one long one among many short is enough to claim less ahead. */
const NEWEST_SHARE = 0.1;
/** Nothing is claimed ahead before the pace of so many is known. */
const MEASURED_MIN = 8;
const WAIT_MAX_MS = 250;

interface Waiting {
  readonly begin: (isMine: boolean) => void;
  readonly timer: Timer;
}

export class SlotTurns {
  readonly #clock: Clock;
  #slots: number;
  #taken = 0;
  #measured = 0;
  #paceMs = Number.POSITIVE_INFINITY;
  readonly #waiting = new Set<Waiting>();

  constructor(slots: number, clock: Clock) {
    this.#slots = slots;
    this.#clock = clock;
  }

  get taken(): number {
    return this.#taken;
  }

  /** How long an attempt holds its slot, ms, on the average of late; Infinity = not known yet. */
  get paceMs(): number {
    return this.#measured < MEASURED_MIN ? Number.POSITIVE_INFINITY : this.#paceMs;
  }

  /** How many attempts beyond the slots are worth claiming now. */
  get ahead(): number {
    return this.paceMs <= SHORT_MS ? this.#slots * AHEAD_PER_SLOT : 0;
  }

  setSlots(slots: number): void {
    this.#slots = slots;
    this.#next();
  }

  /** Resolves with true when a slot is the caller's, with false when none came free in time. */
  take(): Promise<boolean> {
    if (this.#taken < this.#slots) {
      this.#taken += 1;
      return Promise.resolve(true);
    }
    return new Promise((begin) => {
      const waiting: Waiting = {
        begin,
        timer: this.#clock.after(WAIT_MAX_MS, () => {
          this.#waiting.delete(waiting);
          begin(false);
        }),
      };
      this.#waiting.add(waiting);
    });
  }

  /** `heldMs`: since `take` resolved. */
  giveBack(heldMs: number): void {
    this.#taken -= 1;
    this.#measured += 1;
    this.#paceMs = this.#paceMs === Number.POSITIVE_INFINITY ? heldMs : this.#paceMs + (heldMs - this.#paceMs) * NEWEST_SHARE;
    this.#next();
  }

  #next(): void {
    for (const waiting of this.#waiting) {
      if (this.#taken >= this.#slots) return;
      this.#waiting.delete(waiting);
      waiting.timer.cancel();
      this.#taken += 1;
      waiting.begin(true);
    }
  }
}
