/**
 * A disk of its own for a folder, so that it can be full without harm to anything else: a tmpfs whose size is set to what is used.
 * Only root may mount.
 */
import { execFileSync } from 'node:child_process';
import { statfsSync } from 'node:fs';

/** Somebody writes while its size is set to what was used just now. */
const TRIES = 5;

export class SmallDisk {
  readonly folder: string;
  readonly #roomy: string;

  private constructor(folder: string, roomy: string) {
    this.folder = folder;
    this.#roomy = roomy;
  }

  /** Null: it may not be mounted here. `roomy`: its size while it is not full, such as 1g. */
  static mount(folder: string, roomy: string): SmallDisk | null {
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${roomy},mode=755`, 'windlass-test', folder], { stdio: 'ignore' });
      return new SmallDisk(folder, roomy);
    } catch {
      return null;
    }
  }

  /** Not one byte more can be written. */
  fill(): void {
    for (let tries = 1; ; tries++) {
      const { blocks, bfree, bsize } = statfsSync(this.folder);
      try {
        this.#resize(String(Math.max(1, blocks - bfree) * bsize));
        return;
      } catch (error) {
        if (tries === TRIES) throw error;
      }
    }
  }

  free(): void {
    this.#resize(this.#roomy);
  }

  /** With all that lies on it. */
  unmount(): void {
    execFileSync('umount', ['-l', this.folder]);
  }

  #resize(size: string): void {
    execFileSync('mount', ['-o', `remount,size=${size}`, this.folder], { stdio: 'ignore' });
  }
}
