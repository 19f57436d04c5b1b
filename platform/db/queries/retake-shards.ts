import type { Queryable } from '../client.ts';

export interface Shard {
  readonly shard: number;
  /** The fence of every write to the shard's runs. */
  readonly epoch: number;
}

const STATEMENT = {
  name: 'retake_shards',
  text: `
with mine as materialized (
  select shard from scheduler_shard where owner = $1 and shard = any($2::smallint[]) order by shard for update
)
update scheduler_shard s set epoch = s.epoch + 1 from mine where s.shard = mine.shard
returning s.shard, s.epoch`,
};

/**
 * retakeShards    who: scheduler, after a pass that failed: it cannot know whether its flush was, or still is to be,
 * written. Locks those of the shards that are still its own; waits for a flush that is being written, and raises the
 * epochs, so that one that comes later matches nothing. What is read after this answer is true.
 * A shard missing from the answer belongs to another scheduler now.
 */
export async function retakeShards(db: Queryable, owner: string, shards: readonly number[]): Promise<readonly Shard[]> {
  return (await db.query<Shard>(STATEMENT, [owner, shards])).rows;
}
