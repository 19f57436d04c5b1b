/** Whose code a task process holds, as its supervisor knows it, and which of it the next attempts are of. */
import type { LoadMessage } from '#core/task-protocol.ts';
import { type Clock, within } from '#platform/clock.ts';

export interface Bundle {
  readonly hash: string;
  /** Its path. */
  readonly file: string;
}

/** One that does not say in so long whether it takes a bundle is busy with something else. To start another costs a busy machine more. */
const HEARD_MS = 5_000;

export class LoadedBundles {
  readonly #all = new Set<string>();
  readonly #clock: Clock;
  #current: string | null = null;
  #stays = false;
  #onTaken: ((hash: string) => void) | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Hash of the bundle whose attempts it takes; null = it was told to load none. */
  get current(): string | null {
    return this.#current;
  }

  get size(): number {
    return this.#all.size;
  }

  has(hash: string): boolean {
    return this.#all.has(hash);
  }

  /** Something is left of the bundle whose attempts it takes: it takes no others any more. */
  stay(): void {
    this.#stays = true;
  }

  /** Whether attempts of the bundle may run there, as far as is known. `max`: how many bundles a process may hold. */
  mayTake(hash: string, max: number): boolean {
    return this.#current === hash || this.#current === null || (!this.#stays && (this.#all.has(hash) || this.#all.size < max));
  }

  /** Attempts of another bundle stand behind the one that runs: it is the current one when they begin. */
  expect(hash: string): void {
    this.#all.add(hash);
  }

  /** One of these has begun. */
  enter(hash: string): void {
    this.#current = hash;
  }

  /** The process says whose attempts it takes. */
  hear(hash: string): void {
    this.#onTaken?.(hash);
  }

  /**
   * Resolves with whether it takes attempts of the bundle from now on; null = it is gone, or says nothing. The first is loaded without
   * a word; for another the process looks whether something is left of those before, and stays with them if so. `ended`: when it has.
   */
  async load({ hash, file }: Bundle, tell: (message: LoadMessage) => void, ended: Promise<unknown>): Promise<boolean | null> {
    if (this.#current === hash) return true;
    const isFirst = this.#current === null;
    const taken = Promise.withResolvers<boolean>();
    this.#onTaken = (said) => taken.resolve(said === hash);
    tell({ type: 'load', bundleFile: file, bundleHash: hash });
    const takes = isFirst || (await within(this.#clock, HEARD_MS, Promise.race([taken.promise, ended.then(() => null)]), null));
    if (takes === true) {
      this.#current = hash;
      this.#all.add(hash);
    } else if (takes === false) this.stay();
    return takes;
  }
}
