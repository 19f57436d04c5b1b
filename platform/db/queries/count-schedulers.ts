import type { Queryable } from '../client.ts';

const STATEMENT = {
  name: 'count_schedulers',
  text: `select count(*)::int as count from service
          where kind = 'scheduler' and stopped_at is null and last_heartbeat_at > clock_timestamp() - $1 * interval '1 millisecond'`,
};

/** countSchedulers    who: scheduler, to take its fair share of the shards. Reads only. */
export async function countSchedulers(db: Queryable, aliveWithinMs: number): Promise<number> {
  return (await db.query<{ count: number }>(STATEMENT, [aliveWithinMs])).rows[0]?.count ?? 0;
}
