/**
 * The attempts that a process was given and has not begun. While bodies are very short they stand in a line here, so that the
 * next begins without a word from the supervisor. Which of them have begun is one number that two threads agree on: this one
 * raises it before it begins one, and the watchdog's raises it past those that the supervisor takes back, also while a body
 * keeps this thread busy.
 */
import type { RunMessage } from '#core/task-protocol.ts';

// Held from the start: a body may replace these.
const { compareExchange, load } = Atomics;

/** The number of the last attempt that has begun or was taken back. Shared by the threads of a task process. */
export function newDecided(): Int32Array {
  return new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
}

/** Decides all up to this number: those that have not begun will not. Returns the number of the last that has. */
export function takeBack(decided: Int32Array, upTo: number): number {
  for (;;) {
    const begun = load(decided, 0);
    if (begun >= upTo || compareExchange(decided, 0, begun, upTo) === begun) return begun;
  }
}

export class Turns {
  readonly #decided: Int32Array;
  #waiting: RunMessage[] = [];
  #isClosed = false;

  constructor(decided: Int32Array) {
    this.#decided = decided;
  }

  add(message: RunMessage): void {
    if (!this.#isClosed) this.#waiting.push(message);
  }

  /** Nothing begins here any more. */
  close(): void {
    this.#isClosed = true;
    this.#waiting = [];
  }

  /** One that stands in no line was sent when all before it was looked at: it begins when it comes. */
  isDue(): boolean {
    return this.#waiting.some(({ line }) => line?.follows !== true);
  }

  /** The next that was not taken back; from then on it has begun. */
  next(): RunMessage | undefined {
    for (let message = this.#waiting.shift(); message !== undefined; message = this.#waiting.shift()) {
      const { number, follows } = message.line ?? { number: 0, follows: false };
      // Only who stands in a line can be taken back.
      if (!follows) takeBack(this.#decided, number);
      if (!follows || compareExchange(this.#decided, 0, number - 1, number) === number - 1) return message;
    }
    return undefined;
  }
}
