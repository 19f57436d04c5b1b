import { type PoolClaim, sharePool } from '#core/scheduling/share-pool.ts';
import { probe } from '../../probes/probe.ts';
import type { Database, Queryable } from '../client.ts';
import type { Shard } from './retake-shards.ts';

/** Who asks, and the shards it believes it holds, with their epochs. */
export interface Holder {
  readonly owner: string;
  readonly fence: readonly Shard[];
}

export interface PoolAsk {
  readonly pool: string;
  /** Slots in use by the holder's shards, by shard. */
  readonly taken: ReadonlyMap<number, number>;
  /** Best first: what it wants to queue now. */
  readonly claims: readonly PoolClaim[];
  /** What else waits, told to other schedulers with what is refused; null = they are not told. */
  readonly waiting: readonly PoolClaim[] | null;
  readonly spare: number;
}

export interface PoolAnswer {
  readonly pool: string;
  readonly limit: number;
  /** One answer per claim. */
  readonly granted: readonly boolean[];
  /** By shard, of the holder's. */
  readonly reserved: ReadonlyMap<number, number>;
  readonly reservedByOthers: number;
  /** Others wait for the pool. */
  readonly isContended: boolean;
}

/** A demand that was not renewed for so long counts for nothing. */
const DEMAND_TTL_MS = 15_000;

/** A statement of its own: one that waits for a lock goes on with what it saw before, and would not see what was reserved meanwhile. */
const LOCK = { name: 'lock_pools', text: 'select 1 from pool where name = any($1::text[]) order by name for update' };

const FENCE = {
  name: 'fence_shards',
  text: `
select s.shard from scheduler_shard s join unnest($2::smallint[], $3::bigint[]) as f(shard, epoch) on s.shard = f.shard and s.epoch = f.epoch
 where s.owner = $1 order by s.shard for key share of s`,
};

const READ = {
  name: 'read_pool_shares',
  text: `
select p.name as pool, p.slots as "limit",
       (select coalesce(sum(r.slots), 0)::int from pool_reservation r where r.pool = p.name and r.shard <> all($2::smallint[])) as "reservedByOthers",
       (select coalesce(jsonb_agg(c.claim), '[]') from pool_demand d cross join lateral jsonb_array_elements(d.claims) as c(claim)
         where d.pool = p.name and d.shard <> all($2::smallint[]) and d.asked_at > clock_timestamp() - $3 * interval '1 millisecond') as rivals
  from pool p where p.name = any($1::text[])`,
};

const WRITE = {
  name: 'write_pool_reservations',
  text: `
insert into pool_reservation as r (pool, shard, slots)
select a.pool, a.shard, a.slots from unnest($1::text[], $2::smallint[], $3::int[]) as a(pool, shard, slots)
on conflict (pool, shard) do update set slots = excluded.slots where r.slots <> excluded.slots`,
};

const DEMAND = {
  name: 'write_pool_demand',
  text: `
with gone as (
  delete from pool_demand d where d.pool = any($1::text[]) and d.shard = any($2::smallint[])
     and not exists (select 1 from unnest($3::text[], $4::smallint[]) as a(pool, shard) where a.pool = d.pool and a.shard = d.shard)
)
insert into pool_demand as d (pool, shard, claims)
select a.pool, a.shard, a.claims::jsonb from unnest($3::text[], $4::smallint[], $5::text[]) as a(pool, shard, claims)
on conflict (pool, shard) do update set claims = excluded.claims, asked_at = clock_timestamp()`,
};

/**
 * settlePools    who: scheduler, before it queues more than its shards hold, or than is fair while others wait; one
 * transaction. Locks the pool rows in name order, then its shard rows (key share).
 * Sets what each of its shards holds of these pools: what they use and what is granted, by rank among all schedulers'
 * claims. A pool missing from the answer does not exist. A shard that was lost gets nothing.
 */
export async function settlePools(db: Database, holder: Holder, asks: readonly PoolAsk[]): Promise<readonly PoolAnswer[]> {
  const settled = await db.transaction('settle_pools', async (tx) => {
    probe('enqueue.before_pool_lock');
    await tx.query(LOCK, [asks.map((ask) => ask.pool)]);
    probe('enqueue.after_pool_lock');
    const { owner, fence } = holder;
    const held = await tx.query<{ shard: number }>(FENCE, [owner, fence.map((one) => one.shard), fence.map((one) => one.epoch)]);
    const mine = new Set(held.rows.map((row) => row.shard));
    const read = await tx.query<{ pool: string; limit: number; reservedByOthers: number; rivals: readonly PoolClaim[] }>(READ, [
      asks.map((ask) => ask.pool),
      [...mine],
      DEMAND_TTL_MS,
    ]);
    const states = new Map(read.rows.map((row) => [row.pool, row]));
    const known = asks.filter((ask) => states.has(ask.pool));
    const answers = known.map((ask): PoolAnswer => {
      const state = states.get(ask.pool) as (typeof read.rows)[number];
      const claims = ask.claims.filter((claim) => mine.has(claim.shard));
      const share = sharePool({ ...ask, ...state, claims, taken: new Map([...ask.taken].filter(([shard]) => mine.has(shard))) });
      const granted = new Set(claims.filter((_, index) => share.granted[index]));
      return {
        ...state,
        granted: ask.claims.map((claim) => granted.has(claim)),
        reserved: share.reserved,
        isContended: state.rivals.length > 0,
      };
    });
    await writeReservations(tx, answers);
    await writeDemand(
      tx,
      known.map((ask, index) => ({ ...ask, waiting: ask.waiting && [...refusedOf(ask, answers[index] as PoolAnswer), ...ask.waiting] })),
      mine,
    );
    probe('enqueue.before_commit');
    return answers;
  });
  probe('enqueue.after_commit');
  return settled;
}

function refusedOf(ask: PoolAsk, answer: PoolAnswer): readonly PoolClaim[] {
  return ask.claims.filter((_, index) => !answer.granted[index]);
}

async function writeReservations(tx: Queryable, answers: readonly PoolAnswer[]): Promise<void> {
  const rows = answers.flatMap(({ pool, reserved }) => [...reserved].map(([shard, slots]) => ({ pool, shard, slots })));
  if (rows.length > 0) await tx.query(WRITE, [rows.map((row) => row.pool), rows.map((row) => row.shard), rows.map((row) => row.slots)]);
}

async function writeDemand(tx: Queryable, asks: readonly PoolAsk[], mine: ReadonlySet<number>): Promise<void> {
  const told = asks.filter((ask) => ask.waiting !== null);
  if (told.length === 0) return;
  const rows = told.flatMap(({ pool, waiting }) =>
    [
      ...Map.groupBy(
        (waiting ?? []).filter((claim) => mine.has(claim.shard)),
        (claim) => claim.shard,
      ),
    ].map(([shard, claims]) => ({
      pool,
      shard,
      claims: JSON.stringify(claims.map(({ slots, rankMs }) => ({ slots, rankMs }))),
    })),
  );
  await tx.query(DEMAND, [
    told.map((ask) => ask.pool),
    [...mine],
    rows.map((row) => row.pool),
    rows.map((row) => row.shard),
    rows.map((row) => row.claims),
  ]);
}

const POOLS = {
  name: 'read_pools',
  text: `
select p.name as pool, p.slots as "limit", p.include_deferred as "includeDeferred",
       coalesce((select json_agg(json_build_object('shard', r.shard, 'slots', r.slots)) from pool_reservation r
         where r.pool = p.name and r.shard = any($1::smallint[])), '[]') as mine,
       coalesce((select sum(r.slots) from pool_reservation r where r.pool = p.name and r.shard <> all($1::smallint[])), 0)::int as "reservedByOthers",
       exists (select 1 from pool_demand d where d.pool = p.name and d.shard <> all($1::smallint[])
                  and d.asked_at > clock_timestamp() - $2 * interval '1 millisecond') as "isContended"
  from pool p`,
};

export interface PoolState {
  readonly pool: string;
  /** -1 = unlimited. */
  readonly limit: number;
  /** Deferred instances hold their slots. */
  readonly includeDeferred: boolean;
  readonly mine: readonly { readonly shard: number; readonly slots: number }[];
  readonly reservedByOthers: number;
  readonly isContended: boolean;
}

/** readPools    who: scheduler, at a take-over and in its sweep. Reads only. */
export async function readPools(db: Queryable, shards: readonly number[]): Promise<readonly PoolState[]> {
  return (await db.query<PoolState>(POOLS, [shards, DEMAND_TTL_MS])).rows;
}
