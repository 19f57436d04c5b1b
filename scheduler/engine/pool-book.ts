/**
 * Which pool slots each owned shard has reserved and which of them are taken. A shard queues only within its
 * reservation, and reservations never exceed the pool (Postgres checks under the pool's lock), so the pool's
 * limit holds at every instant with any number of schedulers.
 */
import type { PoolView } from '#core/scheduling/queue-surroundings.ts';
import type { RunModel } from '#core/scheduling/run-model.ts';
import { OCCUPYING_STATES, type TaskInstanceState } from '#core/states.ts';
import type { Database, Queryable } from '#platform/db/client.ts';
import { type Holder, type PoolAnswer, type PoolAsk, type PoolState, readPools, settlePools } from '#platform/db/queries/settle-pools.ts';

/** A shard asks for a little more than it needs, but not so much that other shards of a small pool starve. */
const SPARE_SHARE = 1 / 32;
const SPARE_MAX = 16;
const HOLDERS_SHOWN = 3;

interface Book extends Omit<PoolState, 'mine'> {
  readonly reserved: Map<number, number>;
}

export class PoolBook implements PoolView {
  readonly #pools = new Map<string, Book>();
  readonly #taken = new Map<string, Map<number, number>>();
  /** By pool and DAG: who is to be named when it is full. */
  readonly #holders = new Map<string, Map<string, number>>();
  /** Runs that are counted. */
  readonly #runs = new Set<RunModel>();
  readonly #missing = new Set<string>();
  readonly #lookedFor = new Set<string>();

  /** Returns the pools that are new or not what they were. */
  async load(db: Queryable, shards: readonly number[]): Promise<readonly string[]> {
    const states = await readPools(db, shards);
    const before = new Map(this.#pools);
    this.#pools.clear();
    for (const { mine, ...state } of states)
      this.#pools.set(state.pool, { ...state, reserved: new Map(mine.map(({ shard, slots }) => [shard, slots])) });
    const differs = (pool: string) => before.get(pool)?.includeDeferred !== this.#pools.get(pool)?.includeDeferred;
    if ([...this.#pools.keys()].some((pool) => before.has(pool) && differs(pool))) this.#countAnew();
    return states.filter((state) => before.get(state.pool)?.limit !== state.limit || differs(state.pool)).map((state) => state.pool);
  }

  open(pool: string): number | undefined {
    const book = this.#pools.get(pool);
    if (book === undefined) {
      this.#missing.add(pool);
      return undefined;
    }
    if (book.limit < 0) return Number.POSITIVE_INFINITY;
    return book.limit - book.reservedByOthers - sum(this.#taken.get(pool)?.values());
  }

  limit(pool: string): number {
    return this.#pools.get(pool)?.limit ?? -1;
  }

  /** Other schedulers wait for it: what a shard holds is not simply its own to use again. */
  isContended(pool: string): boolean {
    return this.#pools.get(pool)?.isContended ?? false;
  }

  /** Pools others wait for, of which our shards hold more than they use. */
  withheld(): readonly string[] {
    return [...this.#pools.values()].filter((book) => book.isContended && this.#hasIdle(book)).map((book) => book.pool);
  }

  explain(pool: string, poolSlots: number): string {
    const book = this.#pools.get(pool);
    if (book === undefined) return `pool ${pool} does not exist. Create it, or change the task's pool`;
    const { limit } = book;
    if (limit >= 0 && poolSlots > limit)
      return `the task needs ${poolSlots} slots, but pool ${pool} has only ${limit}: give the pool more, or the task fewer poolSlots`;
    const taken = sum(this.#taken.get(pool)?.values()) + book.reservedByOthers;
    if (limit >= 0 && taken + poolSlots <= limit) return `pool ${pool} has free slots; other tasks that wait for it come first`;
    const needs = poolSlots === 1 ? '' : `; the task needs ${poolSlots}`;
    return `pool ${pool} is full: ${Math.min(taken, limit)} of ${limit} slots are taken${this.#heldBy(pool, book.reservedByOthers)}${needs}`;
  }

  /** Looks once for pools that were asked for and are not known: they may be new. True when one was found. */
  async findMissing(db: Queryable, shards: readonly number[]): Promise<boolean> {
    const fresh = [...this.#missing].filter((pool) => !this.#lookedFor.has(pool));
    if (fresh.length === 0) return false;
    for (const pool of fresh) this.#lookedFor.add(pool);
    await this.load(db, shards);
    return fresh.some((pool) => this.#pools.has(pool));
  }

  /** The next sweep looks again. */
  forgetMissing(): void {
    this.#missing.clear();
    this.#lookedFor.clear();
  }

  /** Tells whether an instance in this state holds slots of the pool. */
  holds(pool: string, state: TaskInstanceState): boolean {
    return OCCUPYING_STATES.includes(state) || (state === 'deferred' && this.#pools.get(pool)?.includeDeferred === true);
  }

  /** Negative slots are given back. */
  take(run: RunModel, pool: string, slots: number): void {
    add(this.#taken, pool, run.row.shard, slots);
    add(this.#holders, pool, run.row.dagId, slots);
  }

  /** Counts a loaded run's instances. */
  takeAll(run: RunModel): void {
    this.#runs.add(run);
    for (const { instance, slots } of this.#holdersIn(run)) this.take(run, instance.pool, slots);
  }

  giveBackAll(run: RunModel): void {
    if (!this.#runs.delete(run)) return;
    for (const { instance, slots } of this.#holdersIn(run)) this.take(run, instance.pool, -slots);
  }

  forgetShard(shard: number): void {
    for (const run of [...this.#runs]) if (run.row.shard === shard) this.giveBackAll(run);
    for (const book of this.#pools.values()) book.reserved.delete(shard);
  }

  /** Tells whether the shard holds that many slots beyond what is taken. */
  covers(pool: string, shard: number, slots: number): boolean {
    const reserved = this.#pools.get(pool)?.reserved.get(shard) ?? 0;
    return reserved - (this.#taken.get(pool)?.get(shard) ?? 0) >= slots;
  }

  takenByShard(pool: string): ReadonlyMap<number, number> {
    return this.#taken.get(pool) ?? new Map();
  }

  /** What a shard that asks is to get on top. */
  spare(pool: string): number {
    const limit = this.limit(pool);
    return limit < 0 ? SPARE_MAX : Math.min(SPARE_MAX, Math.floor(limit * SPARE_SHARE));
  }

  /** Asks Postgres, and notes what it answers. */
  async settle(db: Database, holder: Holder, asks: readonly Omit<PoolAsk, 'taken' | 'spare'>[]): Promise<readonly PoolAnswer[]> {
    const answers = await settlePools(
      db,
      holder,
      asks.map((ask) => ({ ...ask, taken: this.#accounts(ask.pool), spare: this.spare(ask.pool) })),
    );
    for (const { pool, limit, reserved, reservedByOthers, isContended } of answers) {
      const book = this.#pools.get(pool);
      if (book) this.#pools.set(pool, { ...book, limit, reserved: new Map(reserved), reservedByOthers, isContended });
    }
    return answers;
  }

  /** Gives back what is reserved and not used. */
  async trim(db: Database, holder: Holder): Promise<void> {
    const idle = [...this.#pools.values()].filter((book) => this.#hasIdle(book));
    if (idle.length > 0)
      await this.settle(
        db,
        holder,
        idle.map(({ pool }) => ({ pool, claims: [], waiting: null })),
      );
  }

  #hasIdle({ pool, reserved }: Book): boolean {
    return [...reserved].some(([shard, slots]) => slots > (this.#taken.get(pool)?.get(shard) ?? 0));
  }

  /** An entry for every shard that uses or holds slots. */
  #accounts(pool: string): ReadonlyMap<number, number> {
    const taken = this.#taken.get(pool);
    const shards = new Set([...(taken?.keys() ?? []), ...(this.#pools.get(pool)?.reserved.keys() ?? [])]);
    return new Map([...shards].map((shard) => [shard, Math.max(0, taken?.get(shard) ?? 0)]));
  }

  *#holdersIn(run: RunModel) {
    for (const instance of run.inFlight) if (this.holds(instance.pool, instance.state)) yield { instance, slots: instance.poolSlots };
  }

  #countAnew(): void {
    this.#taken.clear();
    this.#holders.clear();
    for (const run of this.#runs) this.takeAll(run);
  }

  /** " (etl 6, sales 2)": who is to be asked for them. */
  #heldBy(pool: string, byOthers: number): string {
    const holders = [...(this.#holders.get(pool) ?? [])].filter(([, slots]) => slots > 0).sort((a, b) => b[1] - a[1]);
    const names = holders.slice(0, HOLDERS_SHOWN).map(([dagId, slots]) => `${dagId} ${slots}`);
    if (holders.length > HOLDERS_SHOWN) names.push(`${holders.length - HOLDERS_SHOWN} more DAGs`);
    if (byOthers > 0) names.push(`other schedulers ${byOthers}`);
    return names.length === 0 ? '' : ` (${names.join(', ')})`;
  }
}

function add<K>(counts: Map<string, Map<K, number>>, pool: string, key: K, slots: number): void {
  let ofPool = counts.get(pool);
  if (ofPool === undefined) {
    ofPool = new Map();
    counts.set(pool, ofPool);
  }
  const sumNow = (ofPool.get(key) ?? 0) + slots;
  if (sumNow === 0) ofPool.delete(key);
  else ofPool.set(key, sumNow);
}

function sum(values: Iterable<number> | undefined): number {
  let total = 0;
  for (const value of values ?? []) total += value;
  return total;
}
