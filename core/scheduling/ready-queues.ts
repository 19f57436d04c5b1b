/**
 * What is ready and waits for a slot: a queue per pool, in it one per DAG. A full pool costs nothing and hides no other
 * pool; within a pool the DAGs take turns, so that the many runs of one do not hide another. What a limit of its run or
 * task holds back is set aside under that limit until the limit may have room, so a pass costs what changed.
 * Pure: `choose` only says what may go; the caller holds the slots, and puts back what it could not queue.
 */
import { MinHeap } from '../min-heap.ts';
import { headStartMs, rankMs } from './priority.ts';
import type { Surroundings } from './queue-surroundings.ts';
import type { Instance, RunModel } from './run-model.ts';
import { findFullLimit, type TaskLimit, type Tentative } from './task-limits.ts';

export interface Choice {
  readonly run: RunModel;
  readonly instance: Instance;
  /** Its place among everything that waits for the pool, also in other schedulers; the smallest is first. */
  readonly rankMs: number;
  /** The DAG's turn before this choice took it. */
  readonly servedBeforeMs: number;
}

export interface Held {
  readonly run: RunModel;
  readonly instance: Instance;
  /** Why, in words; asked once what was chosen is in the models. */
  readonly words: () => string;
}

interface Waiting {
  readonly run: RunModel;
  readonly instance: Instance;
  readonly sinceMs: number;
  readonly rankMs: number;
  readonly arrival: number;
}

interface DagQueue {
  readonly dagId: string;
  readonly heap: MinHeap<Waiting>;
  /** When the pool last gave the DAG a slot, ms: its turn then goes to the others. */
  servedMs: number;
}

/** The best of a DAG, and its place among those of the others. */
interface Turn {
  readonly queue: DagQueue;
  readonly head: Waiting;
  readonly claim: number;
}

interface Parked extends TaskLimit {
  readonly heap: MinHeap<Waiting>;
}

/** A task that needs several slots is passed by smaller ones for so long; then slots are saved up for it. */
const SAVE_AFTER_MS = 60_000;
/** Words are looked at again for so many of each queue. */
const REWORD_MAX = 200;

export class ReadyQueues {
  readonly #headStartMaxMs: number;
  readonly #isCurrent: (run: RunModel) => boolean;
  readonly #pools = new Map<string, Map<string, DagQueue>>();
  /** By what the limit belongs to (a run, a DAG, a pool), then by limit. */
  readonly #parked = new Map<string, Map<string, Parked>>();
  readonly #known = new Set<Instance>();
  #arrivals = 0;

  /** `isCurrent`: false for a run that was forgotten or read again; its entries die. */
  constructor(headStartMaxMs: number, isCurrent: (run: RunModel) => boolean) {
    this.#headStartMaxMs = headStartMaxMs;
    this.#isCurrent = isCurrent;
  }

  /** How many wait, dead entries included. */
  get size(): number {
    return this.#known.size;
  }

  add(run: RunModel, instance: Instance, nowMs: number): void {
    if (this.#known.has(instance)) return;
    this.#known.add(instance);
    const sinceMs = instance.readySinceMs ?? nowMs;
    this.#push({
      run,
      instance,
      sinceMs,
      rankMs: rankMs(sinceMs, instance.priorityWeight, this.#headStartMaxMs),
      arrival: ++this.#arrivals,
    });
  }

  /** What was chosen could not be queued after all. */
  putBack(choices: readonly Choice[], nowMs: number): void {
    for (const { run, instance, servedBeforeMs } of choices.toReversed()) {
      this.add(run, instance, nowMs);
      const queue = this.#pools.get(instance.pool)?.get(run.row.dagId);
      if (queue) queue.servedMs = servedBeforeMs;
    }
  }

  /** Forgets what waits for the limits of a run that is gone. */
  forgetOwner(owner: string): void {
    for (const { heap } of this.#parked.get(owner)?.values() ?? [])
      for (let entry = heap.pop(); entry !== undefined; entry = heap.pop()) this.#known.delete(entry.instance);
    this.#parked.delete(owner);
  }

  /**
   * Returns what may be queued now, best first, and who was set aside, why. `changed`: runs, DAGs and pools (`pool:name`)
   * whose limits may have room again.
   */
  choose(around: Surroundings, changed: Iterable<string>): { readonly enqueue: readonly Choice[]; readonly held: readonly Held[] } {
    const pass = new Pass(around);
    const owners = [...changed].filter((owner) => this.#parked.has(owner));
    do this.#serve(pass);
    while (this.#release(owners, pass.tentative, around) > 0);
    return { enqueue: pass.enqueue, held: pass.held };
  }

  /** The words of those that wait, to be written where they have changed: some of each queue. */
  *words(around: Surroundings): Iterable<Held> {
    for (const [pool, dags] of this.#pools)
      for (const { heap } of dags.values())
        for (const { run, instance } of heap.some(REWORD_MAX))
          if (this.#waits(run, instance)) yield { run, instance, words: () => this.wordsFor(pool, instance, around) };
    for (const limits of this.#parked.values())
      for (const limit of limits.values())
        for (const { run, instance } of limit.heap.some(REWORD_MAX))
          if (this.#waits(run, instance)) yield { run, instance, words: limit.words };
  }

  /** Why something waits that no limit of its run or task holds back. */
  wordsFor(pool: string, instance: Instance, { pools, parallelismFree, parallelismWords }: Surroundings): string {
    return parallelismFree <= 0 && (pools.open(pool) ?? 0) >= instance.poolSlots
      ? parallelismWords
      : pools.explain(pool, instance.poolSlots);
  }

  /** The best places that wait for the pool, one for each DAG: what other schedulers are told. */
  claimsOn(pool: string, countMax: number): readonly { readonly run: RunModel; readonly slots: number; readonly rankMs: number }[] {
    const claims = [...(this.#pools.get(pool)?.values() ?? [])].flatMap((queue) => {
      const head = this.#headOf(queue);
      return head ? [{ run: head.run, slots: head.instance.poolSlots, rankMs: this.#claimOf(queue, head) }] : [];
    });
    return claims.sort((a, b) => a.rankMs - b.rankMs).slice(0, countMax);
  }

  *waitingPools(): Iterable<string> {
    for (const [pool, dags] of this.#pools) if ([...dags.values()].some((queue) => this.#headOf(queue) !== undefined)) yield pool;
  }

  #serve(pass: Pass): void {
    for (const [pool, dags] of this.#pools) this.#servePool(pool, dags, pass);
  }

  #servePool(pool: string, dags: Map<string, DagQueue>, pass: Pass): void {
    const { pools, nowMs } = pass.around;
    const passedBy: Waiting[] = [];
    const turns = this.#turnsOf(dags, nowMs);
    while (pass.parallelismFree > 0) {
      const open = (pools.open(pool) ?? 0) - pass.takenOf(pool);
      if (open <= 0) break;
      const best = turns.pop();
      if (best === undefined) break;
      const { queue, head, claim } = best;
      const { run, instance } = head;
      // Slots are saved up for what has been passed by long enough.
      const isTooLarge = instance.poolSlots > open;
      if (!this.#park(pool, head, pass)) {
        if (isTooLarge && nowMs - head.sinceMs > SAVE_AFTER_MS) break;
        if (isTooLarge) passedBy.push(head);
        else {
          this.#known.delete(instance);
          pass.take(pool, { run, instance, rankMs: claim, servedBeforeMs: queue.servedMs });
          queue.servedMs = Math.max(nowMs, queue.servedMs + 1);
        }
      }
      queue.heap.pop();
      const next = this.#turnOf(queue);
      if (next !== null) turns.push(next);
    }
    for (const entry of passedBy) this.#push(entry);
  }

  /** The turns of all DAGs that have something ready. The others are forgotten once nothing is held against them. */
  #turnsOf(dags: Map<string, DagQueue>, nowMs: number): MinHeap<Turn> {
    const turns = new MinHeap<Turn>((a, b) => a.claim < b.claim || (a.claim === b.claim && isBefore(a.head, b.head)));
    for (const queue of dags.values()) {
      const turn = this.#turnOf(queue);
      if (turn !== null) turns.push(turn);
      else if (queue.servedMs <= nowMs) dags.delete(queue.dagId);
    }
    return turns;
  }

  #turnOf(queue: DagQueue): Turn | null {
    const head = this.#headOf(queue);
    return head === undefined ? null : { queue, head, claim: this.#claimOf(queue, head) };
  }

  /** A DAG that has just been served waits since then, however long its next one is ready. */
  #claimOf({ servedMs }: DagQueue, head: Waiting): number {
    return Math.max(head.sinceMs, servedMs) - headStartMs(head.instance.priorityWeight, this.#headStartMaxMs);
  }

  #headOf({ heap }: DagQueue): Waiting | undefined {
    for (let head = heap.peek(); head !== undefined; head = heap.peek()) {
      if (this.#waits(head.run, head.instance)) return head;
      heap.pop();
      this.#known.delete(head.instance);
    }
    return undefined;
  }

  #waits(run: RunModel, instance: Instance): boolean {
    return run.ready.has(instance) && this.#isCurrent(run);
  }

  /** Sets the entry aside when a limit other than free slots holds it back. */
  #park(pool: string, entry: Waiting, pass: Pass): boolean {
    const limit = findFullLimit({ ...entry, pool }, pass.tentative, pass.around);
    if (limit === null) return false;
    let limits = this.#parked.get(limit.owner);
    if (limits === undefined) {
      limits = new Map();
      this.#parked.set(limit.owner, limits);
    }
    let parked = limits.get(limit.key);
    if (parked === undefined) {
      parked = { ...limit, heap: new MinHeap(isBefore) };
      limits.set(limit.key, parked);
    }
    parked.heap.push(entry);
    pass.held.push({ run: entry.run, instance: entry.instance, words: limit.words });
    return true;
  }

  /** Takes back what a limit with room had set aside. Returns how many. */
  #release(owners: readonly string[], tentative: Tentative, around: Surroundings): number {
    let released = 0;
    for (const owner of owners) {
      const limits = this.#parked.get(owner);
      if (limits === undefined) continue;
      for (const [key, limit] of limits) {
        for (let room = limit.room(tentative, around); room > 0; ) {
          const entry = limit.heap.pop();
          if (entry === undefined) break;
          if (!this.#waits(entry.run, entry.instance)) {
            this.#known.delete(entry.instance);
            continue;
          }
          this.#push(entry);
          released += 1;
          room -= 1;
        }
        if (limit.heap.size === 0) limits.delete(key);
      }
      if (limits.size === 0) this.#parked.delete(owner);
    }
    return released;
  }

  #push(entry: Waiting): void {
    const { pool } = entry.instance;
    const { dagId } = entry.run.row;
    let dags = this.#pools.get(pool);
    if (dags === undefined) {
      dags = new Map();
      this.#pools.set(pool, dags);
    }
    let queue = dags.get(dagId);
    if (queue === undefined) {
      queue = { dagId, heap: new MinHeap(isBefore), servedMs: Number.NEGATIVE_INFINITY };
      dags.set(dagId, queue);
    }
    queue.heap.push(entry);
  }
}

/** What one call of `choose` has decided so far. */
class Pass {
  readonly around: Surroundings;
  readonly enqueue: Choice[] = [];
  readonly held: Held[] = [];
  readonly tentative: Tentative = { ofRun: new Map(), ofTask: new Map(), ofDagTask: new Map() };
  readonly #taken = new Map<string, number>();
  parallelismFree: number;

  constructor(around: Surroundings) {
    this.around = around;
    this.parallelismFree = around.parallelismFree;
  }

  takenOf(pool: string): number {
    return this.#taken.get(pool) ?? 0;
  }

  take(pool: string, choice: Choice): void {
    const { run, instance } = choice;
    const task = run.taskOf(instance);
    this.enqueue.push(choice);
    this.parallelismFree -= 1;
    this.#taken.set(pool, this.takenOf(pool) + instance.poolSlots);
    count(this.tentative.ofRun, run);
    count(this.tentative.ofTask, task);
    count(this.tentative.ofDagTask, `${run.row.dagId}/${task.task.spec.taskId}`);
  }
}

function count<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

/** Rank first; of equals the heavier, then the run that is due earlier, the smaller map index, who came first. */
function isBefore(a: Waiting, b: Waiting): boolean {
  const byRank = a.rankMs - b.rankMs || b.instance.priorityWeight - a.instance.priorityWeight;
  if (byRank !== 0) return byRank < 0;
  const byDate = (a.run.row.logicalDateMs ?? a.run.row.runAfterMs) - (b.run.row.logicalDateMs ?? b.run.row.runAfterMs);
  return (byDate || a.instance.mapIndex - b.instance.mapIndex || a.arrival - b.arrival) < 0;
}
