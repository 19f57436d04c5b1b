import type { Queryable } from '../client.ts';

export interface HeldShard {
  readonly shard: number;
  /** The fence of every write to the shard's runs. */
  readonly epoch: number;
  /** True when this call took it over: load its runs. */
  readonly gained: boolean;
}

const STATEMENT = {
  name: 'hold_shards',
  text: `
with mine as (
  select shard from scheduler_shard where owner = $1 order by shard limit $3 for update
), free as (
  select shard from scheduler_shard
   where (owner is null or expires_at < clock_timestamp()) and owner is distinct from $1
   order by expires_at, shard limit greatest(0, $3 - (select count(*) from mine)) for update skip locked
), surplus as (
  update scheduler_shard s set owner = null, expires_at = '-infinity'
   where s.owner = $1 and s.shard not in (select shard from mine)
), held as (
  update scheduler_shard s
     set owner = $1, expires_at = clock_timestamp() + $2 * interval '1 millisecond',
         epoch = case when s.owner is distinct from $1 then s.epoch + 1 else s.epoch end
   where s.shard in (select shard from mine union all select shard from free)
  returning s.shard, s.epoch, s.shard in (select shard from free) as gained
)
select shard, epoch, gained, clock_timestamp() as "databaseNow" from held order by shard`,
};

/**
 * holdShards    who: scheduler, every third of the shard lease. Locks its own shards and those it takes.
 * Renews the shards it owns (up to `wantedMax`, the rest is given up for others) and takes free ones. A take-over
 * waits for an open flush of the former owner, then raises the epoch, so a flush that comes later matches nothing.
 * A shard missing from the answer is not ours (any more): forget its runs.
 */
export async function holdShards(
  db: Queryable,
  hold: { readonly owner: string; readonly ttlMs: number; readonly wantedMax: number },
): Promise<{ readonly shards: readonly HeldShard[]; readonly databaseNow: Date | null }> {
  const result = await db.query<HeldShard & { databaseNow: Date }>(STATEMENT, [hold.owner, hold.ttlMs, hold.wantedMax]);
  return { shards: result.rows, databaseNow: result.rows[0]?.databaseNow ?? null };
}

const RELEASE = { name: 'release_shards', text: `update scheduler_shard set owner = null, expires_at = '-infinity' where owner = $1` };

/** releaseShards    who: scheduler, at a clean stop, so that another takes over at once. Locks its shards. */
export async function releaseShards(db: Queryable, owner: string): Promise<void> {
  await db.query(RELEASE, [owner]);
}
