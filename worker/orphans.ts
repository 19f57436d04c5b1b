/** What the bodies of one task process have left running that is nobody's child any more: only its mark tells whose it was. */
import type { ChildrenOf } from './children-of.ts';
import { killMarked, listMarked } from './process-tree.ts';

export class Orphans {
  /** As of the last look. */
  pids: readonly number[] = [];

  readonly #pid: number;
  readonly #mark: string;
  readonly #children: ChildrenOf;
  #mayBe = false;

  constructor(pid: number, mark: string, children: ChildrenOf) {
    this.#pid = pid;
    this.#mark = mark;
    this.#children = children;
  }

  /** Tells whether there may be some: only then is it worth a walk over all processes. */
  get mayBe(): boolean {
    // A child that has ended may have started others before.
    this.#mayBe = this.#children.haveEnded() || this.#mayBe;
    return this.#mayBe;
  }

  async look(): Promise<void> {
    if (this.mayBe) this.pids = (await listMarked(this.#mark)).filter((pid) => pid !== this.#pid);
  }

  /** Resolves when nothing of them is left; the process itself goes on. */
  async kill(): Promise<void> {
    await killMarked(this.#mark, this.#pid);
    this.pids = [];
    this.#mayBe = false;
  }
}
