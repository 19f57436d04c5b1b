/** Who stands in a line behind the attempt that a task process runs, as its supervisor knows it. */

interface Follower {
  readonly number: number;
  readonly onTurn: () => void;
  readonly resolve: (hasTurn: boolean) => void;
}

/** Far longer than any number is. */
const ANSWER_MAX_CHARS = 100;

export class ProcessLine {
  #followers: Follower[] = [];
  #last = 0;
  #rest = '';
  #answers: (() => void)[] = [];
  #isClosed = false;

  get size(): number {
    return this.#followers.length;
  }

  /** Of the attempt that was sent last, in the line or not. */
  get lastNumber(): number {
    return this.#last;
  }

  nextNumber(): number {
    this.#last += 1;
    return this.#last;
  }

  /** Resolves with true right after `onTurn` was called, with false when it was dismissed. */
  add(number: number, onTurn: () => void): Promise<boolean> {
    if (this.#isClosed) return Promise.resolve(false);
    return new Promise((resolve) => {
      this.#followers.push({ number, onTurn, resolve });
    });
  }

  /** The process says that this one begins: it is its turn, and those before it were taken back. */
  advance(number: number): boolean {
    const next = this.#followers.find((follower) => follower.number === number);
    if (next === undefined) return false;
    this.dismiss(0, number - 1);
    this.#followers.shift();
    next.onTurn();
    next.resolve(true);
    return true;
  }

  /** All behind the first of these numbers and not behind the second: they have not begun, and will not. */
  dismiss(begun = 0, upTo = Number.POSITIVE_INFINITY): void {
    const isDismissed = ({ number }: Follower) => number > begun && number <= upTo;
    const dismissed = this.#followers.filter(isDismissed);
    this.#followers = this.#followers.filter((follower) => !isDismissed(follower));
    for (const { resolve } of dismissed) resolve(false);
  }

  /** The process has ended. */
  close(): void {
    this.#isClosed = true;
    this.dismiss();
    for (const resolve of this.#answers.splice(0)) resolve();
  }

  /** Resolves with the process's next answer to a recall. */
  answered(): Promise<void> {
    return new Promise((resolve) => {
      this.#answers.push(resolve);
    });
  }

  /** What the watchdog's thread says to each recall: the last attempt that has begun, and up to which none will after it. */
  hearDecided(chunk: string): void {
    const lines = (this.#rest + chunk).split('\n');
    this.#rest = (lines.pop() ?? '').slice(0, ANSWER_MAX_CHARS);
    for (const line of lines) {
      const [begun, upTo] = line.split(' ').map(Number);
      if (!Number.isSafeInteger(begun) || !Number.isSafeInteger(upTo)) continue;
      this.dismiss(begun, upTo);
      this.#answers.shift()?.();
    }
  }
}
