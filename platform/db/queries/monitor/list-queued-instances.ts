/**
 * listQueuedInstances
 *   who:   monitor, for the tasks that wait for a worker
 *   locks: nothing
 *   index: dag_run_unfinished, then the instances of each unfinished run
 *   zero rows: nothing waits
 *
 * A waiting instance has no attempt yet, so its own id stands in the attempt's place.
 */
import type { Queryable } from '../../client.ts';
import { type AttemptFilter, type AttemptRow, conditionArrays, MEETS_CONDITIONS } from './attempt-row.ts';

const LIST_QUEUED_INSTANCES = {
  name: 'monitor_list_queued_instances',
  text: `
    select seen.*
      from (
        select ti.task_instance_id as attempt_id, r.dag_id, r.run_id, ti.task_id, ti.map_index, ti.map_label,
               greatest(ti.try_number, 1) as try_number, ti.max_tries, ti.operator, ti.pool, ti.queue, ti.state, ti.reason,
               '' as worker_id, '' as hostname, null::int as pid,
               ti.queued_at, null::timestamptz as claimed_at, null::timestamptz as body_started_at, null::timestamptz as ended_at,
               greatest(0, extract(epoch from clock_timestamp() - ti.queued_at) * 1000)::float8 as waited_ms,
               null::float8 as ran_ms, null::text as error_text, null::text as error_stack, null::jsonb as progress
          from dag_run r
          join task_instance ti on ti.dag_run_id = r.dag_run_id
         where r.state in ('queued', 'running')
           and ti.state = 'queued'
      ) as seen
     where ${MEETS_CONDITIONS}
     order by seen.queued_at, seen.attempt_id
     limit $6 offset $7`,
};

/** Returns the instances that wait in a queue, the oldest first. */
export async function listQueuedInstances(db: Queryable, filter: AttemptFilter): Promise<readonly AttemptRow[]> {
  const values = [...conditionArrays(filter.conditions), filter.limit, filter.offset];
  return (await db.query<AttemptRow>(LIST_QUEUED_INSTANCES, values)).rows;
}
