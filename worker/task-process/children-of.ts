/** Whether a process has started others that still live. Works on Linux through /proc; elsewhere nobody has. */
import { closeSync, openSync, readSync } from 'node:fs';

/**
 * Tells whether a process has children of its own, also ones in another session. Looks at its main thread only (that is
 * who forks, unless a body uses worker threads). As it happens after every body, the file stays open: one small read.
 */
export class ChildrenOf {
  readonly #pid: number;
  readonly #byte = Buffer.alloc(1);
  #file: number | undefined;

  constructor(pid: number) {
    this.#pid = pid;
  }

  any(): boolean {
    try {
      this.#file ??= openSync(`/proc/${this.#pid}/task/${this.#pid}/children`, 'r');
      return readSync(this.#file, this.#byte, 0, 1, 0) > 0;
    } catch {
      this.close();
      return false;
    }
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }
}
