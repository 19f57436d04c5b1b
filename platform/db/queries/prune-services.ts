import type { Queryable } from '../client.ts';

const STATEMENT = {
  name: 'prune_services',
  text: `delete from service where last_heartbeat_at < clock_timestamp() - $1 * interval '1 millisecond'`,
};

/**
 * pruneServices    who: scheduler, at its start and every hour. Locks the rows it deletes.
 * Forgets processes that have not been heard of for so long, stopped or lost. Zero rows = all are recent.
 */
export async function pruneServices(db: Queryable, olderThanMs: number): Promise<number> {
  return (await db.query(STATEMENT, [olderThanMs])).rowCount;
}
