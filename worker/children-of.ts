/** Whether a process has started others that still live. Works on Linux through /proc; elsewhere nobody has. */
import { closeSync, openSync, readSync } from 'node:fs';

/** Place of `cminflt` in /proc/<pid>/stat, counted from the state. */
const CHILDREN_FAULTS = 8;

/**
 * Tells whether a process has children of its own, also ones in another session. Looks at its main thread only (that is
 * who forks, unless a body uses worker threads). As it happens after every body, the file stays open: one small read.
 */
export class ChildrenOf {
  readonly #pid: number;
  readonly #byte = Buffer.alloc(1);
  readonly #line = Buffer.alloc(1024);
  #file: number | undefined;
  #stat: number | undefined;
  #faults = 0;

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

  /**
   * Tells whether a child of it has ended since this was asked last. What such a child started itself may live on as an
   * orphan, who is nobody's child: only its mark tells whose it was.
   */
  haveEnded(): boolean {
    try {
      this.#stat ??= openSync(`/proc/${this.#pid}/stat`, 'r');
      const text = this.#line.toString('latin1', 0, readSync(this.#stat, this.#line, 0, this.#line.length, 0));
      // Page faults of children that were waited for: no program starts without any.
      const faults = Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[CHILDREN_FAULTS]);
      const before = this.#faults;
      this.#faults = faults;
      return faults > before;
    } catch {
      return false;
    }
  }

  close(): void {
    for (const file of [this.#file, this.#stat]) if (file !== undefined) closeSync(file);
    this.#file = undefined;
    this.#stat = undefined;
  }
}
