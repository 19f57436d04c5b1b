import type { Queryable } from '../client.ts';
import type { Shard } from './retake-shards.ts';

const STATEMENT = {
  name: 'confirm_shards',
  text: `
select s.shard from scheduler_shard s join unnest($2::smallint[], $3::bigint[]) as f(shard, epoch) on s.shard = f.shard and s.epoch = f.epoch
 where s.owner = $1`,
};

/**
 * confirmShards    who: scheduler, when a fenced write left something out. Reads only.
 * Returns the shards that are still its own; one that is missing was taken over.
 */
export async function confirmShards(db: Queryable, owner: string, fence: readonly Shard[]): Promise<ReadonlySet<number>> {
  const values = [owner, fence.map((held) => held.shard), fence.map((held) => held.epoch)];
  return new Set((await db.query<{ shard: number }>(STATEMENT, values)).rows.map((row) => row.shard));
}
