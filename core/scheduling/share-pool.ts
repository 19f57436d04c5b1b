/**
 * How the free slots of a pool are divided between the shards of one scheduler and what other schedulers wait for. Pure;
 * decided under the pool's row lock, so that all schedulers see one order.
 */

export interface PoolClaim {
  readonly shard: number;
  readonly slots: number;
  /** See core/scheduling/priority.ts: the smallest is served first, whichever scheduler asks. */
  readonly rankMs: number;
}

export interface PoolToShare {
  /** -1 = no limit. */
  readonly limit: number;
  /** Slots reserved by shards that are not ours. */
  readonly reservedByOthers: number;
  /** Slots our shards use now, by shard; an entry for each of them that holds a reservation or asks. */
  readonly taken: ReadonlyMap<number, number>;
  /** Best first. */
  readonly claims: readonly PoolClaim[];
  /** What others wait for. */
  readonly rivals: readonly Omit<PoolClaim, 'shard'>[];
  /** Slots given on top to a shard that asks, as long as nobody else waits: its next task then asks nobody. */
  readonly spare: number;
}

export interface PoolShare {
  /** What each of our shards shall hold from now on. */
  readonly reserved: ReadonlyMap<number, number>;
  /** One answer per claim, in order. */
  readonly granted: readonly boolean[];
}

/**
 * Gives back what our shards do not use, then serves every claim, ours and others', by rank: what a rival with a better
 * place waits for is left free for it. The sum of all reservations never exceeds the limit.
 */
export function sharePool(pool: PoolToShare): PoolShare {
  const reserved = new Map(pool.taken);
  let free = pool.limit < 0 ? Number.POSITIVE_INFINITY : Math.max(0, pool.limit - pool.reservedByOthers - sum(pool.taken.values()));
  const rivals = pool.rivals.toSorted((a, b) => a.rankMs - b.rankMs);
  let nextRival = 0;
  const granted = pool.claims.map((claim) => {
    for (let rival = rivals[nextRival]; rival !== undefined && rival.rankMs < claim.rankMs; rival = rivals[++nextRival])
      free -= Math.min(free, rival.slots);
    if (claim.slots > free) return false;
    free -= claim.slots;
    reserved.set(claim.shard, (reserved.get(claim.shard) ?? 0) + claim.slots);
    return true;
  });
  if (pool.rivals.length === 0)
    for (const shard of new Set(pool.claims.filter((_, index) => granted[index]).map((claim) => claim.shard))) {
      const more = Math.min(pool.spare, free);
      free -= more;
      reserved.set(shard, (reserved.get(shard) ?? 0) + more);
    }
  return { reserved, granted };
}

function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
