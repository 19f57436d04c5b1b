/**
 * A disk of its own for the log folder, so that it can be full without harm to anything else: a tmpfs whose size is set to what
 * is used. Only root may mount; where nobody may, no disk is filled, and the verdict says so.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, statfsSync } from 'node:fs';
import { systemClock } from '#platform/clock.ts';

const ROOMY = '1g';
/** Somebody writes while its size is set to what was used just now. */
const TRIES = 5;
/** A line that was held back may be written, or given up, a little later. */
const AFTER_MS = 5_000;

export class LogDisk {
  readonly #folder: string;
  readonly #full: { readonly fromMs: number; toMs: number }[] = [];

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Null: it may not be mounted here. */
  static mount(folder: string): LogDisk | null {
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${ROOMY},mode=755`, 'windlass-chaos', folder], { stdio: 'ignore' });
      return new LogDisk(folder);
    } catch {
      return null;
    }
  }

  /** Not one byte more can be written. */
  fill(): void {
    for (let tries = 1; ; tries++) {
      const { blocks, bfree, bsize } = statfsSync(this.#folder);
      try {
        this.#resize(String(Math.max(1, blocks - bfree) * bsize));
        this.#full.push({ fromMs: systemClock.now(), toMs: Number.POSITIVE_INFINITY });
        return;
      } catch (error) {
        if (tries === TRIES) throw error;
      }
    }
  }

  free(): void {
    this.#resize(ROOMY);
    const last = this.#full.at(-1);
    if (last !== undefined) last.toMs = systemClock.now();
  }

  /** Whether what was written in this time may be missing. */
  wasFull(fromMs: number, toMs: number): boolean {
    return this.#full.some((full) => fromMs <= full.toMs + AFTER_MS && toMs >= full.fromMs - AFTER_MS);
  }

  /** What lies on it stays: as a copy, where it lay. */
  unmount(): void {
    const copy = `${this.#folder}-kept`;
    cpSync(this.#folder, copy, { recursive: true });
    execFileSync('umount', ['-l', this.#folder]);
    cpSync(copy, this.#folder, { recursive: true });
  }

  #resize(size: string): void {
    execFileSync('mount', ['-o', `remount,size=${size}`, this.#folder], { stdio: 'ignore' });
  }
}
