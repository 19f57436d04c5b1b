import type { Queryable } from '../../client.ts';

const STATEMENT = {
  name: 'free_orphaned_waiters',
  text: `
update waiter set owner = null
 where owner in (select distinct w.owner from waiter w
                  where w.owner is not null and w.owner <> all($2::text[])
                    and not exists (select 1 from service s where s.service_id = w.owner and s.stopped_at is null
                                       and s.last_heartbeat_at > clock_timestamp() - $1 * interval '1 millisecond'))`,
};

/**
 * freeOrphanedWaiters    who: every triggerer, every few seconds, and one that stops (it names nobody to spare and has
 * said that it stopped). Locks the waiters of triggerers that are gone or were silent for `ttlMs`; returns how many.
 * A silent one that still lives may look twice for a moment; answers are fenced by the instance's epoch.
 */
export async function freeOrphanedWaiters(db: Queryable, ttlMs: number, spare: readonly string[] = []): Promise<number> {
  return (await db.query(STATEMENT, [ttlMs, spare])).rowCount;
}
