/**
 * Who stands behind the attempt that a task process runs. Each has a token in a file: the process and this one share its reading
 * place, so whoever reads a token first has the attempt (see task-process/hand.ts).
 */
import { closeSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { TOKEN_BYTES } from './task-process/settings.ts';

export interface Follower {
  /** The process begins it now. */
  readonly begin: () => void;
  /** It was taken back: it has not begun there, and will not. */
  readonly dismiss: () => void;
  /** How long the process may live by its lease, ms. */
  readonly liveMs: () => number;
}

export class Hand {
  /** For the process; unnamed, and gone with the last that has it open. */
  readonly fd: number;
  #behind: { readonly turn: number; readonly follower: Follower }[] = [];
  #lastTurn = 0;
  #isClosed = false;

  constructor(folder: string) {
    const file = join(folder, 'hand');
    this.fd = openSync(file, 'wx+', 0o600);
    unlinkSync(file);
  }

  get size(): number {
    return this.#behind.length;
  }

  /** The shortest of what all leases allow. */
  atMost(liveMs: number): number {
    return this.#behind.reduce((least, { follower }) => Math.min(least, follower.liveMs()), liveMs);
  }

  /** Returns its turn, to be told to the process; null = there is no room for its token. */
  add(follower: Follower): number | null {
    if (this.#isClosed) return null;
    const turn = this.#lastTurn + 1;
    const token = Buffer.alloc(TOKEN_BYTES);
    token.writeInt32LE(turn);
    try {
      // Past the reading place, which only readers move.
      if (writeSync(this.fd, token, 0, TOKEN_BYTES, this.#lastTurn * TOKEN_BYTES) < TOKEN_BYTES) return null;
    } catch {
      return null;
    }
    this.#lastTurn = turn;
    this.#behind.push({ turn, follower });
    return turn;
  }

  isNext(turn: number): boolean {
    return this.#behind[0]?.turn === turn;
  }

  advance(): void {
    this.#behind.shift()?.follower.begin();
  }

  /** Those whose tokens the process has not read have not begun, and will not. Those that are left then have. */
  takeBack(): void {
    if (this.#behind.length === 0 || this.#isClosed) return;
    const tokens = Buffer.alloc(TOKEN_BYTES * this.#behind.length);
    const left = Math.floor(readSync(this.fd, tokens, 0, tokens.length, null) / TOKEN_BYTES);
    const dismissed = this.#behind.splice(this.#behind.length - left);
    for (const { follower } of dismissed) follower.dismiss();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    closeSync(this.fd);
  }
}
