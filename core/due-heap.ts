/** Keys with instants, the earliest first. Setting a key again replaces its instant; stale entries die on the way out. */
export class DueHeap<Key> {
  readonly #heap: { readonly key: Key; readonly dueMs: number }[] = [];
  readonly #current = new Map<Key, number>();

  /** Sets or moves the instant of a key; null removes it. */
  set(key: Key, dueMs: number | null): void {
    if (dueMs === null) {
      this.#current.delete(key);
      return;
    }
    if (this.#current.get(key) === dueMs) return;
    this.#current.set(key, dueMs);
    this.#push({ key, dueMs });
  }

  /** The earliest instant, or null when nothing waits. */
  peekMs(): number | null {
    this.#dropStale();
    return this.#heap[0]?.dueMs ?? null;
  }

  /** Takes every key that is due at `nowMs`. */
  takeDue(nowMs: number): readonly Key[] {
    const due: Key[] = [];
    for (this.#dropStale(); this.#heap.length > 0 && (this.#heap[0]?.dueMs as number) <= nowMs; this.#dropStale()) {
      const { key } = this.#pop();
      this.#current.delete(key);
      due.push(key);
    }
    return due;
  }

  #dropStale(): void {
    while (this.#heap.length > 0 && this.#current.get((this.#heap[0] as { key: Key }).key) !== this.#heap[0]?.dueMs) this.#pop();
  }

  #push(entry: { key: Key; dueMs: number }): void {
    const heap = this.#heap;
    let index = heap.push(entry) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if ((heap[parent]?.dueMs as number) <= entry.dueMs) break;
      heap[index] = heap[parent] as { key: Key; dueMs: number };
      index = parent;
    }
    heap[index] = entry;
  }

  #pop(): { key: Key; dueMs: number } {
    const heap = this.#heap;
    const top = heap[0] as { key: Key; dueMs: number };
    const last = heap.pop() as { key: Key; dueMs: number };
    if (heap.length === 0) return top;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && (heap[child + 1]?.dueMs as number) < (heap[child]?.dueMs as number)) child += 1;
      if ((heap[child]?.dueMs as number) >= last.dueMs) break;
      heap[index] = heap[child] as { key: Key; dueMs: number };
      index = child;
    }
    heap[index] = last;
    return top;
  }
}

/** The earlier of two instants; null = never. */
export function earliestOf(a: number | null, b: number | null): number | null {
  return a === null ? b : b === null ? a : Math.min(a, b);
}
