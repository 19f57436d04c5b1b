/**
 * listQueueRows
 *   who:   monitor, for the overview, the queues page and /metrics
 *   locks: nothing
 *   index: dag_run_unfinished, then the instances of each unfinished run (task_instance has no index on state)
 *   zero rows: nothing waits and nothing runs
 */
import type { Queryable } from '../../client.ts';

export interface QueueRow {
  readonly queue: string;
  readonly queued: number;
  readonly running: number;
  readonly oldest_queued_seconds: number | null;
}

const LIST_QUEUES = {
  name: 'monitor_list_queues',
  text: `
    select ti.queue,
           count(*) filter (where ti.state = 'queued')::int as queued,
           count(*) filter (where ti.state in ('running', 'restarting'))::int as running,
           extract(epoch from clock_timestamp() - min(ti.queued_at) filter (where ti.state = 'queued'))::float8 as oldest_queued_seconds
      from dag_run r
      join task_instance ti on ti.dag_run_id = r.dag_run_id
     where r.state in ('queued', 'running')
       and ti.state in ('queued', 'running', 'restarting')
     group by ti.queue
     order by ti.queue`,
};

/** Returns each queue that has work now: how much waits, how much runs, how long the oldest has waited. */
export async function listQueueRows(db: Queryable): Promise<readonly QueueRow[]> {
  return (await db.query<QueueRow>(LIST_QUEUES)).rows;
}
