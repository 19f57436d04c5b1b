/**
 * Who may have a task process: as many attempts as there are slots, the others in the order in which they came. While
 * attempts are short, a worker claims some ahead, so that the next is at hand the moment a slot is free; one whose turn
 * does not come soon after all goes back, for another worker to take. While bodies are brief, a process gets several at once, a
 * hand, and no more processes are busy than there are cores.
 */
import { availableParallelism } from 'node:os';
import type { Clock, Timer } from '#platform/clock.ts';
import type { TaskProcess } from './task-process.ts';

/** Attempts this short, on the average, are worth claiming ahead. */
const SHORT_MS = 20;
/** Claimed ahead at least, while attempts are short: so many a slot. */
const AHEAD_PER_SLOT = 3;
/** Of very short ones, so many that they keep the slots busy this long: a write then serves many of them. */
const AHEAD_BUSY_MS = 40;
const AHEAD_MAX = 160;
/** While attempts are this short, on the average, the next in the line is told a moment before its turn. */
const EARLY_MS = 5;
/** Bodies this short, on the average, go several to a process: so many that they take this long, and a few at most. */
const BRIEF_MS = 1;
const HAND_MS = 4;
const HAND_MAX = 8;
/**
 * Bodies that print, or leave anything else to be looked at, make hands useless: they grow with each one that goes on, and shrink
 * with each one that is taken back.
 */
const HAND_FIRST = 2;
const HAND_GROWS = 0.5;
const HAND_GROWS_ALONE = 1 / 16;
const HAND_SHRINKS = 0.5;
const CORES = availableParallelism();
/** Weight of the newest attempt in the pace: one long one among many short is enough to claim less ahead. */
const NEWEST_SHARE = 0.1;
/** Nothing is claimed ahead before the pace of so many is known. */
const MEASURED_MIN = 8;
const WAIT_MAX_MS = 250;
/** No more are claimed ahead than begin within this time, as turns have come of late: half of the longest wait. */
const AHEAD_WAIT_MS = WAIT_MAX_MS / 2;

/** Stands behind the attempt that the process runs. False = it does not want to any more. */
export type Join = (process: TaskProcess) => boolean;

export interface Wait {
  /** Its turn comes next or nearly so; told once. With what it offers then, it may get into the hand of another. */
  readonly isNear?: (offer: (join: Join) => void) => void;
  /** Those of one kind go to the same process, where that can be. */
  readonly kind?: string;
  /** It was in a hand and was taken back: its turn is before that of others. */
  readonly again?: boolean;
}

/** true = a slot is its own, false = none came free in time, joined = it stands in the hand of another. */
export type Turn = boolean | 'joined';

interface Waiting {
  readonly kind: string | null;
  isNear: Wait['isNear'] | null;
  join: Join | null;
  readonly begin: (turn: Turn) => void;
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
  #handMax = HAND_FIRST;
  #waiting = new Set<Waiting>();

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

  /** How many attempts a process is given at once. */
  get handSize(): number {
    return this.isBrief ? Math.max(1, Math.floor(Math.min(this.#handMax, HAND_MS / this.paceMs))) : 1;
  }

  get isBrief(): boolean {
    return this.paceMs <= BRIEF_MS;
  }

  /** Brief bodies are done soonest by few processes, which stay warm. */
  get #places(): number {
    return this.isBrief ? Math.min(this.#slots, CORES) : this.#slots;
  }

  setSlots(slots: number): void {
    this.#slots = slots;
    this.#next();
  }

  /** `isNear` may be called before it resolves: while bodies are very short, for those who wait and are one body or hand away. */
  take({ isNear, kind, again }: Wait = {}): Promise<Turn> {
    if (this.#taken < this.#places) {
      this.#taken += 1;
      return Promise.resolve(true);
    }
    return new Promise((begin) => {
      const waiting: Waiting = {
        begin,
        isNear: isNear ?? null,
        kind: kind ?? null,
        join: null,
        timer: this.#clock.after(WAIT_MAX_MS, () => {
          this.#waiting.delete(waiting);
          begin(false);
        }),
      };
      this.#waiting = again === true ? new Set([waiting, ...this.#waiting]) : this.#waiting.add(waiting);
      this.#turnSince ??= this.#clock.monotonic();
      this.#tellNear();
    });
  }

  /** Takes a slot if one is free that nobody waits for. */
  takeNow(): boolean {
    if (this.#taken >= this.#places || this.#waiting.size > 0) return false;
    this.#taken += 1;
    return true;
  }

  /** `heldMs`: how long a body ran; null = none did. */
  giveBack(heldMs: number | null): void {
    this.#taken -= 1;
    if (heldMs !== null) {
      this.#handMax = Math.min(HAND_MAX, this.#handMax + HAND_GROWS_ALONE);
      this.measure(heldMs);
    }
    this.#next();
  }

  /** A body has ended, and the next of its hand has begun without a word. */
  passOn(ranMs: number | null): void {
    this.#handMax = Math.min(HAND_MAX, this.#handMax + HAND_GROWS);
    if (ranMs !== null) this.measure(ranMs);
  }

  /** One of a hand did not begin in it. */
  takenBack(): void {
    this.#handMax = Math.max(1, this.#handMax * HAND_SHRINKS);
  }

  /** How long a body took, or takes already. */
  measure(heldMs: number): void {
    this.#measured += 1;
    this.#paceMs = this.#paceMs === Number.POSITIVE_INFINITY ? heldMs : this.#paceMs + (heldMs - this.#paceMs) * NEWEST_SHARE;
    this.#next();
  }

  /** Fills the hand of a process that has begun an attempt of this kind with those who wait and are prepared: of its kind first. */
  deal(kind: string, process: TaskProcess): void {
    const near = [...this.#waiting].slice(0, this.#near);
    let room = this.handSize - 1;
    for (const waiting of [...near.filter((one) => one.kind === kind), ...near.filter((one) => one.kind !== kind)]) {
      if (room === 0) break;
      if (waiting.join?.(process) !== true) continue;
      room -= 1;
      this.#leave(waiting);
      waiting.begin('joined');
    }
    this.#tellNear();
  }

  #measureTurn(): void {
    const now = this.#clock.monotonic();
    if (this.#turnSince !== null) this.#turnMs += (now - this.#turnSince - this.#turnMs) * NEWEST_SHARE;
    this.#turnSince = now;
  }

  #next(): void {
    for (const waiting of this.#waiting) {
      if (this.#taken >= this.#places) break;
      this.#taken += 1;
      this.#leave(waiting);
      waiting.begin(true);
    }
    this.#tellNear();
  }

  #leave(waiting: Waiting): void {
    this.#waiting.delete(waiting);
    waiting.timer.cancel();
    this.#measureTurn();
    if (this.#waiting.size === 0) this.#turnSince = null;
  }

  /** Of those who wait, how many are told. */
  get #near(): number {
    return Math.max(this.#slots, this.#places * this.handSize);
  }

  #tellNear(): void {
    if (this.paceMs > EARLY_MS) return;
    let places = this.#near;
    for (const waiting of this.#waiting) {
      if (places-- === 0) return;
      const { isNear } = waiting;
      waiting.isNear = null;
      isNear?.((join) => {
        waiting.join = join;
      });
    }
  }
}
