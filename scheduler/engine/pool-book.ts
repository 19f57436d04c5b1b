/**
 * Which pool slots each owned shard has reserved and which of them are taken. A shard queues only within its
 * reservation, and reservations never exceed the pool (Postgres checks under the pool's lock), so the pool's
 * limit holds at every instant with any number of schedulers.
 */
import type { RunModel } from '#core/scheduling/run-model.ts';
import { OCCUPYING_STATES } from '#core/states.ts';
import type { Database, Queryable } from '#platform/db/client.ts';
import {
  type Holder,
  type PoolState,
  type Reservation,
  readPools,
  releasePoolSlots,
  reservePoolSlots,
} from '#platform/db/queries/reserve-pool-slots.ts';

/** A shard asks for a little more than it needs, but not so much that other shards of a small pool starve. */
const SPARE_SHARE = 1 / 32;
const SPARE_MAX = 16;

export class PoolBook {
  readonly #pools = new Map<string, PoolState>();
  readonly #reserved = new Map<string, number>();
  readonly #taken = new Map<string, number>();
  readonly #missing = new Set<string>();
  readonly #lookedFor = new Set<string>();

  async load(db: Queryable, shards: readonly number[]): Promise<void> {
    const pools = await readPools(db, shards);
    this.#pools.clear();
    // A pool that was removed and made again holds nothing for us any more.
    this.#reserved.clear();
    for (const pool of pools) {
      this.#pools.set(pool.pool, pool);
      for (const mine of pool.mine) this.#reserved.set(key(pool.pool, mine.shard), mine.slots);
    }
  }

  free(pool: string, shard: number): number | undefined {
    if (!this.#pools.has(pool)) {
      this.#missing.add(pool);
      return undefined;
    }
    return (this.#reserved.get(key(pool, shard)) ?? 0) - (this.#taken.get(key(pool, shard)) ?? 0);
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

  limit(pool: string): number {
    return this.#pools.get(pool)?.limit ?? 0;
  }

  take(pool: string, shard: number, slots: number): void {
    this.#taken.set(key(pool, shard), (this.#taken.get(key(pool, shard)) ?? 0) + slots);
  }

  giveBack(pool: string, shard: number, slots: number): void {
    this.#taken.set(key(pool, shard), Math.max(0, (this.#taken.get(key(pool, shard)) ?? 0) - slots));
  }

  /** Counts a loaded run's occupying instances. */
  takeAll(run: RunModel): void {
    for (const instance of run.byId.values())
      if (OCCUPYING_STATES.includes(instance.state)) this.take(instance.pool, run.row.shard, instance.poolSlots);
  }

  giveBackAll(run: RunModel): void {
    for (const instance of run.byId.values())
      if (OCCUPYING_STATES.includes(instance.state)) this.giveBack(instance.pool, run.row.shard, instance.poolSlots);
  }

  forgetShard(shard: number): void {
    for (const map of [this.#reserved, this.#taken])
      for (const entry of [...map.keys()]) if (entry.endsWith(`/${shard}`)) map.delete(entry);
  }

  /** Asks for more slots. Returns true when at least one was granted. */
  async reserve(db: Database, holder: Holder, wanted: readonly Reservation[]): Promise<boolean> {
    const asks = wanted.map((want) => ({ ...want, slots: want.slots + this.#spare(want.pool) }));
    const granted = this.#note(await reservePoolSlots(db, holder, asks));
    const refused = wanted.filter((want) => !granted.has(key(want.pool, want.shard)));
    if (refused.length === 0) return true;
    // Slots other shards of ours hold but do not use may be what is missing; what was granted just now is to be used.
    await this.trim(db, holder, granted);
    return this.#note(await reservePoolSlots(db, holder, refused)).size > 0 || granted.size > 0;
  }

  /** Gives back what is reserved and not used, but for some entries. */
  async trim(db: Queryable, holder: Holder, except: ReadonlySet<string> = new Set()): Promise<void> {
    const keep: Reservation[] = [];
    for (const [entry, reserved] of this.#reserved) {
      const taken = this.#taken.get(entry) ?? 0;
      if (reserved <= taken || except.has(entry)) continue;
      const cut = entry.lastIndexOf('/');
      keep.push({ pool: entry.slice(0, cut), shard: Number(entry.slice(cut + 1)), slots: taken });
    }
    if (keep.length === 0) return;
    await releasePoolSlots(db, holder, keep);
    for (const { pool, shard, slots } of keep) this.#reserved.set(key(pool, shard), slots);
  }

  #note(granted: readonly Reservation[]): ReadonlySet<string> {
    for (const { pool, shard, slots } of granted) this.#reserved.set(key(pool, shard), slots);
    return new Set(granted.map(({ pool, shard }) => key(pool, shard)));
  }

  #spare(pool: string): number {
    const limit = this.limit(pool);
    return limit < 0 ? SPARE_MAX : Math.min(SPARE_MAX, Math.floor(limit * SPARE_SHARE));
  }
}

function key(pool: string, shard: number): string {
  return `${pool}/${shard}`;
}
