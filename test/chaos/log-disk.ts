/** A disk of its own for the log folder, which remembers when it was full. Where nobody may mount, no disk is filled, and the verdict says so. */
import { cpSync } from 'node:fs';
import { systemClock } from '#platform/clock.ts';
import { SmallDisk } from '#test/support/small-disk.ts';

/** A line that was held back may be written, or given up, a little later. */
const AFTER_MS = 5_000;

export class LogDisk {
  readonly #disk: SmallDisk;
  readonly #full: { readonly fromMs: number; toMs: number }[] = [];

  private constructor(disk: SmallDisk) {
    this.#disk = disk;
  }

  /** Null: it may not be mounted here. */
  static mount(folder: string): LogDisk | null {
    const disk = SmallDisk.mount(folder, '1g');
    return disk && new LogDisk(disk);
  }

  /** Not one byte more can be written. */
  fill(): void {
    this.#disk.fill();
    this.#full.push({ fromMs: systemClock.now(), toMs: Number.POSITIVE_INFINITY });
  }

  free(): void {
    this.#disk.free();
    const last = this.#full.at(-1);
    if (last !== undefined) last.toMs = systemClock.now();
  }

  /** Whether what was written in this time may be missing. */
  wasFull(fromMs: number, toMs: number): boolean {
    return this.#full.some((full) => fromMs <= full.toMs + AFTER_MS && toMs >= full.fromMs - AFTER_MS);
  }

  /** What lies on it stays: as a copy, where it lay. */
  unmount(): void {
    const { folder } = this.#disk;
    const copy = `${folder}-kept`;
    cpSync(folder, copy, { recursive: true });
    this.#disk.unmount();
    cpSync(copy, folder, { recursive: true });
  }
}
