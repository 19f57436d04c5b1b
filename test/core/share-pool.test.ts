/** Goal: reservations never exceed the pool, and slots go by rank, whichever scheduler waits for them. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { sharePool } from '#core/scheduling/share-pool.ts';

const aClaim = fc.record({
  shard: fc.integer({ min: 0, max: 3 }),
  slots: fc.integer({ min: 1, max: 3 }),
  rankMs: fc.integer({ min: 0, max: 9 }),
});
const aPool = fc.record({
  limit: fc.integer({ min: 0, max: 12 }),
  reservedByOthers: fc.integer({ min: 0, max: 5 }),
  taken: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 4, maxLength: 4 }).map((taken) => new Map(taken.entries())),
  claims: fc.array(aClaim, { maxLength: 8 }).map((claims) => claims.sort((a, b) => a.rankMs - b.rankMs)),
  rivals: fc.array(aClaim, { maxLength: 4 }),
  spare: fc.integer({ min: 0, max: 4 }),
});
const sum = (numbers: Iterable<number>) => [...numbers].reduce((total, number) => total + number, 0);

it('never gives more than there is, gives back what is idle, and leaves a better rival its slots', () => {
  fc.assert(
    fc.property(aPool, (pool) => {
      const { reserved, granted } = sharePool(pool);
      const used = sum(pool.taken.values());
      expect(sum(reserved.values()) + pool.reservedByOthers).toBeLessThanOrEqual(Math.max(pool.limit, used + pool.reservedByOthers));
      for (const [shard, slots] of pool.taken) expect(reserved.get(shard)).toBeGreaterThanOrEqual(slots);
      const free = Math.max(0, pool.limit - pool.reservedByOthers - used);
      pool.claims.forEach((claim, index) => {
        const before = sum(
          pool.claims
            .slice(0, index)
            .filter((_, at) => granted[at])
            .map((one) => one.slots),
        );
        const betterRivals = sum(pool.rivals.filter((rival) => rival.rankMs < claim.rankMs).map((rival) => rival.slots));
        if (claim.slots <= free - before - betterRivals) expect(granted[index], 'there was room').toBe(true);
        if (claim.slots > free - before) expect(granted[index], 'there was none').toBe(false);
      });
    }),
  );
});

it('gives a single slot to whoever comes first, not to who had it last', () => {
  const mine = { limit: 1, reservedByOthers: 0, taken: new Map([[0, 0]]), spare: 0 };
  expect(sharePool({ ...mine, claims: [{ shard: 0, slots: 1, rankMs: 5 }], rivals: [{ slots: 1, rankMs: 4 }] }).granted).toEqual([false]);
  expect(sharePool({ ...mine, claims: [{ shard: 0, slots: 1, rankMs: 3 }], rivals: [{ slots: 1, rankMs: 4 }] }).granted).toEqual([true]);
});

it('gives any number of slots of a pool without a limit', () => {
  const claims = [{ shard: 2, slots: 50_000, rankMs: 1 }];
  const shared = sharePool({ limit: -1, reservedByOthers: 9, taken: new Map(), claims, rivals: [], spare: 4 });
  expect(shared).toEqual({ granted: [true], reserved: new Map([[2, 50_004]]) });
});
