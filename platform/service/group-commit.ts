/**
 * Group commit: callers add items; one flush is in flight at a time, and whatever arrives meanwhile is the
 * next batch. Latency is one commit when idle, and batches grow by themselves under load.
 */
export class GroupCommit<Item, Result> {
  readonly #flush: (items: readonly Item[]) => Promise<readonly Result[]>;
  readonly #batchMax: number;
  #waiting: { item: Item; resolve: (result: Result) => void; reject: (error: unknown) => void }[] = [];
  #flushing = false;
  readonly #linger: ((waiting: number) => Promise<void> | null) | undefined;

  /**
   * `flush` answers one result per item, in order. A failed flush rejects every item of its batch.
   * `linger` is asked before each flush: null = now; else the flush takes what has come until its promise resolves.
   */
  constructor(
    flush: (items: readonly Item[]) => Promise<readonly Result[]>,
    batchMax = 500,
    linger?: (waiting: number) => Promise<void> | null,
  ) {
    this.#flush = flush;
    this.#batchMax = batchMax;
    this.#linger = linger;
  }

  /** Items that no flush has taken yet. */
  get waiting(): number {
    return this.#waiting.length;
  }

  add(item: Item): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      if (!this.#flushing) {
        this.#flushing = true;
        setImmediate(() => void this.#pump());
      }
    });
  }

  async #pump(): Promise<void> {
    while (this.#waiting.length > 0) {
      await this.#linger?.(this.#waiting.length);
      const batch = this.#waiting.splice(0, this.#batchMax);
      try {
        const results = await this.#flush(batch.map((entry) => entry.item));
        batch.forEach((entry, index) => {
          entry.resolve(results[index] as Result);
        });
      } catch (error) {
        for (const entry of batch) entry.reject(error);
      }
    }
    this.#flushing = false;
  }
}
