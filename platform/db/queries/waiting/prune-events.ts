import type { Queryable } from '../../client.ts';

const STATEMENT = {
  name: 'prune_events',
  text: `delete from received_event where received_at < clock_timestamp() - $1 * interval '1 hour'`,
};

/** pruneEvents    who: triggerer, every few minutes. Locks the old rows. Zero rows = nothing is that old. */
export async function pruneEvents(db: Queryable, keepHours: number): Promise<void> {
  await db.query(STATEMENT, [keepHours]);
}
