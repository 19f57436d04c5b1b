import type { Database, Queryable } from '../client.ts';
import type { Shard } from './retake-shards.ts';

/** Who asks, and the shards it believes it holds, with their epochs. */
export interface Holder {
  readonly owner: string;
  readonly fence: readonly Shard[];
}

export interface Reservation {
  readonly pool: string;
  readonly shard: number;
  readonly slots: number;
}

/** A statement of its own: one that waits for a lock goes on with what it saw before, and would not see what was reserved meanwhile. */
const LOCK = { name: 'lock_pools', text: 'select 1 from pool where name = any($1::text[]) order by name for update' };

const STATEMENT = {
  name: 'reserve_pool_slots',
  text: `
with fence as materialized (
  select s.shard from scheduler_shard s join unnest($2::smallint[], $3::bigint[]) as f(shard, epoch) on s.shard = f.shard and s.epoch = f.epoch
   where s.owner = $1 for key share of s
), taken as (
  select r.pool, sum(r.slots)::int as slots from pool_reservation r where r.pool = any($4::text[]) group by r.pool
), asked as (
  select a.pool, a.shard, a.more, l.slots as limit_slots, greatest(0, l.slots - coalesce(t.slots, 0)) as free,
         sum(a.more) over (partition by a.pool order by a.shard) - a.more as before
    from unnest($4::text[], $5::smallint[], $6::int[]) as a(pool, shard, more)
    join fence on fence.shard = a.shard join pool l on l.name = a.pool left join taken t on t.pool = a.pool
), granted as (
  select pool, shard, case when limit_slots < 0 then more else greatest(0, least(more, free - before)) end as more from asked
)
insert into pool_reservation as r (pool, shard, slots)
select pool, shard, more from granted where more > 0
on conflict (pool, shard) do update set slots = r.slots + excluded.slots
returning r.pool, r.shard, r.slots`,
};

/**
 * reservePoolSlots    who: scheduler, before it queues more than its shards hold; a transaction of two statements.
 * Locks the pool rows in name order, then its shard rows (key share). Grants as many of the slots asked for as the
 * pool has left, counting every shard's reservation. Each (pool, shard) may be named once. A pair missing from the
 * answer got nothing: the pool is full or unknown, or the shard is lost.
 */
export function reservePoolSlots(db: Database, holder: Holder, more: readonly Reservation[]): Promise<readonly Reservation[]> {
  return db.transaction('reserve_pool_slots', async (tx) => {
    await tx.query(LOCK, [more.map((one) => one.pool)]);
    return (await tx.query<Reservation>(STATEMENT, valuesOf(holder, more))).rows;
  });
}

function valuesOf({ owner, fence }: Holder, slots: readonly Reservation[]): readonly unknown[] {
  return [
    owner,
    fence.map((held) => held.shard),
    fence.map((held) => held.epoch),
    slots.map((one) => one.pool),
    slots.map((one) => one.shard),
    slots.map((one) => one.slots),
  ];
}

const RELEASE = {
  name: 'release_pool_slots',
  text: `
with fence as materialized (
  select s.shard from scheduler_shard s join unnest($2::smallint[], $3::bigint[]) as f(shard, epoch) on s.shard = f.shard and s.epoch = f.epoch
   where s.owner = $1 for key share of s
)
update pool_reservation r set slots = a.slots
  from unnest($4::text[], $5::smallint[], $6::int[]) as a(pool, shard, slots) join fence on fence.shard = a.shard
 where r.pool = a.pool and r.shard = a.shard and r.slots > a.slots`,
};

/**
 * releasePoolSlots    who: scheduler, lowers its shards' reservations to what they use. Locks those rows and its shard
 * rows (key share): a scheduler that slept past its lease must not give away what the new owner of a shard uses.
 */
export async function releasePoolSlots(db: Queryable, holder: Holder, keep: readonly Reservation[]): Promise<void> {
  await db.query(RELEASE, valuesOf(holder, keep));
}

const READ = {
  name: 'read_pools',
  text: `
select p.name as pool, p.slots as "limit", coalesce((select json_agg(json_build_object('shard', r.shard, 'slots', r.slots)) from pool_reservation r
         where r.pool = p.name and r.shard = any($1::smallint[])), '[]') as mine,
       coalesce((select sum(r.slots) from pool_reservation r where r.pool = p.name), 0)::int as reserved
  from pool p`,
};

export interface PoolState {
  readonly pool: string;
  /** -1 = unlimited. */
  readonly limit: number;
  readonly mine: readonly { readonly shard: number; readonly slots: number }[];
  readonly reserved: number;
}

/** readPools    who: scheduler, at a take-over and in its sweep. Reads only. */
export async function readPools(db: Queryable, shards: readonly number[]): Promise<readonly PoolState[]> {
  return (await db.query<PoolState>(READ, [shards])).rows;
}
