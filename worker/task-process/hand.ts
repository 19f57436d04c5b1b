/**
 * The attempts that this process was given and has not begun. While bodies are very short it gets several at once. Behind the
 * first of them each has a token, a few bytes in a file whose reading place this process shares with its supervisor: whoever
 * reads a token first has the attempt. So the supervisor can take back those that have not begun, also while a body keeps this
 * thread busy and after the end of the process, and knows of each whether it had.
 */
import { readSync } from 'node:fs';
import type { RunMessage } from '#core/task-protocol.ts';
import { HAND_FD, TOKEN_BYTES } from './settings.ts';

export class Hand {
  readonly #waiting: RunMessage[] = [];
  readonly #token = Buffer.alloc(TOKEN_BYTES);
  #isClosed = false;

  add(message: RunMessage): void {
    this.#waiting.push(message);
  }

  /** Nothing that stands behind another begins here any more. */
  close(): void {
    this.#isClosed = true;
  }

  /**
   * The next behind the body that has ended: from now on it has begun. Undefined = there is none, all were taken back, or this process
   * does not take its bundle.
   */
  next(takes: (bundle: RunMessage['bundle']) => boolean): RunMessage | undefined {
    const message = this.#waiting[0];
    if (message?.turn === undefined || this.#isClosed || !takes(message.bundle) || this.#takeToken() !== message.turn) return undefined;
    return this.#waiting.shift();
  }

  /** The next that the supervisor has sent since it looked at what was left. Those before it it has taken back. */
  nextAlone(): RunMessage | undefined {
    for (let message = this.#waiting.shift(); message !== undefined; message = this.#waiting.shift())
      if (message.turn === undefined) return message;
    return undefined;
  }

  #takeToken(): number | null {
    try {
      return readSync(HAND_FD, this.#token, 0, TOKEN_BYTES, null) === TOKEN_BYTES ? this.#token.readInt32LE() : null;
    } catch {
      return null;
    }
  }
}
