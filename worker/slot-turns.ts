/**
 * Who may have a task process: as many attempts as there are slots, the others in the order in which they came. While
 * attempts are short, a worker claims some ahead, so that the next is at hand the moment a slot is free; one whose turn
 * does not come soon after all goes back, for another worker to take.
 */
import type { Clock, Timer } from '#platform/clock.ts';

/** Attempts this short, on the average, are worth claiming ahead. */
const SHORT_MS = 20;
/** Claimed ahead at least, while attempts are short: so many a slot. */
const AHEAD_PER_SLOT = 3;
/** Of very short ones, so many that they keep the slots busy this long: a write then serves many of them. */
const AHEAD_BUSY_MS = 40;
const AHEAD_MAX = 160;
/** While attempts are this short, on the average, the next in the line is told a moment before its turn. */
const EARLY_MS = 5;
/** Weight of the newest attempt in the pace: one long one among many short is enough to claim less ahead. */
const NEWEST_SHARE = 0.1;
/** Nothing is claimed ahead before the pace of so many is known. */
const MEASURED_MIN = 8;
const WAIT_MAX_MS = 250;
/** No more are claimed ahead than begin within this time, as turns have come of late: half of the longest wait. */
const AHEAD_WAIT_MS = WAIT_MAX_MS / 2;

interface Waiting {
  /** Its turn comes next or nearly so; told once. */
  isNear: (() => void) | null;
  readonly begin: (isMine: boolean) => void;
  readonly timer: Timer;
}

export class SlotTurns {
  readonly #clock: Clock;
  #slots: number;
  #taken = 0;
  #measured = 0;
  #paceMs = Number.POSITIVE_INFINITY;
  /** Between two turns, on the average of late, while somebody waits; and since when the next is waited for. */
  #turnMs = 0;
  #turnSince: number | null = null;
  readonly #waiting = new Set<Waiting>();

  constructor(slots: number, clock: Clock) {
    this.#slots = slots;
    this.#clock = clock;
  }

  get taken(): number {
    return this.#taken;
  }

  /** How long a body takes, ms, on the average of late; Infinity = not known yet. */
  get paceMs(): number {
    return this.#measured < MEASURED_MIN ? Number.POSITIVE_INFINITY : this.#paceMs;
  }

  /** How many attempts beyond the slots are worth claiming now. */
  get ahead(): number {
    if (this.paceMs > SHORT_MS) return 0;
    const busy = Math.floor((AHEAD_BUSY_MS / Math.max(1, this.paceMs)) * this.#slots);
    // Bodies may be short and turns rare: the machine has other work. What waits in vain costs a claim, and goes back.
    const inTime = this.#turnMs === 0 ? AHEAD_MAX : Math.floor(AHEAD_WAIT_MS / this.#turnMs);
    return Math.min(Math.max(this.#slots * AHEAD_PER_SLOT, Math.min(AHEAD_MAX, busy)), Math.max(this.#slots, inTime));
  }

  setSlots(slots: number): void {
    this.#slots = slots;
    this.#next();
  }

  /**
   * Resolves with true when a slot is the caller's, with false when none came free in time. `isNear` may be called before
   * that: while bodies are very short, for as many of those who wait as there are slots, whose turn is one body away.
   */
  take(isNear: (() => void) | null = null): Promise<boolean> {
    if (this.#taken < this.#slots) {
      this.#taken += 1;
      return Promise.resolve(true);
    }
    return new Promise((begin) => {
      const waiting: Waiting = {
        begin,
        isNear,
        timer: this.#clock.after(WAIT_MAX_MS, () => {
          this.#waiting.delete(waiting);
          begin(false);
        }),
      };
      this.#waiting.add(waiting);
      this.#turnSince ??= this.#clock.monotonic();
      this.#tellNear();
    });
  }

  /** Takes a slot if one is free that nobody waits for. */
  takeNow(): boolean {
    if (this.#taken >= this.#slots || this.#waiting.size > 0) return false;
    this.#taken += 1;
    return true;
  }

  /** `heldMs`: how long a body ran; null = none did. */
  giveBack(heldMs: number | null): void {
    this.#taken -= 1;
    if (heldMs !== null) this.#measure(heldMs);
    this.#next();
  }

  #measure(heldMs: number): void {
    this.#measured += 1;
    this.#paceMs = this.#paceMs === Number.POSITIVE_INFINITY ? heldMs : this.#paceMs + (heldMs - this.#paceMs) * NEWEST_SHARE;
  }

  #measureTurn(): void {
    const now = this.#clock.monotonic();
    if (this.#turnSince !== null) this.#turnMs += (now - this.#turnSince - this.#turnMs) * NEWEST_SHARE;
    this.#turnSince = now;
  }

  #next(): void {
    for (const waiting of this.#waiting) {
      if (this.#taken >= this.#slots) break;
      this.#waiting.delete(waiting);
      waiting.timer.cancel();
      this.#taken += 1;
      this.#measureTurn();
      waiting.begin(true);
    }
    if (this.#waiting.size === 0) this.#turnSince = null;
    this.#tellNear();
  }

  #tellNear(): void {
    if (this.paceMs > EARLY_MS) return;
    let place = 0;
    for (const waiting of this.#waiting) {
      if (place++ >= this.#slots) return;
      waiting.isNear?.();
      waiting.isNear = null;
    }
  }
}
