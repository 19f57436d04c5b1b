import type { Queryable } from '../client.ts';

const STATEMENT = {
  name: 'count_idle_slots',
  text: `
select queue, count(*)::int as workers, sum(greatest(0, slots - coalesce(running, 0)))::int as idle, sum(slots)::int as total
  from service, unnest(queues) as queue
 where kind = 'worker' and stopped_at is null and coalesce(state, 'running') = 'running' and last_heartbeat_at > clock_timestamp() - interval '30 seconds'
 group by queue`,
};

/** By queue: the workers that take work from it, their slots and those that are free. */
export type QueueWorkers = ReadonlyMap<string, { readonly workers: number; readonly idle: number; readonly total: number }>;

/** countIdleSlots    who: scheduler's sweep, to size batches. Reads only. A queue missing from the answer has no worker. */
export async function countIdleSlots(db: Queryable): Promise<QueueWorkers> {
  const result = await db.query<{ queue: string; workers: number; idle: number; total: number }>(STATEMENT);
  return new Map(result.rows.map((row) => [row.queue, row]));
}
