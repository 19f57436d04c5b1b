import type { Queryable } from '../client.ts';

const STATEMENT = {
  name: 'count_idle_slots',
  text: `
select queue, sum(slots - coalesce(running, 0))::int as idle, sum(slots)::int as total
  from service, unnest(queues) as queue
 where kind = 'worker' and stopped_at is null and coalesce(state, 'running') = 'running' and last_heartbeat_at > clock_timestamp() - interval '30 seconds'
 group by queue`,
};

/** countIdleSlots    who: scheduler's sweep, to size batches. Reads only. A queue missing from the answer has no worker. */
export async function countIdleSlots(db: Queryable): Promise<ReadonlyMap<string, { readonly idle: number; readonly total: number }>> {
  const result = await db.query<{ queue: string; idle: number; total: number }>(STATEMENT);
  return new Map(result.rows.map((row) => [row.queue, row]));
}
