/**
 * listRunningAttempts
 *   who:   monitor, for what each worker does now
 *   locks: nothing
 *   index: the unfinished runs, then their instances
 *   zero rows: nothing runs
 */
import type { Queryable } from '../../client.ts';
import { type AttemptFilter, type AttemptRow, conditionArrays, MEETS_CONDITIONS } from './attempt-row.ts';

const LIST_RUNNING_ATTEMPTS = {
  name: 'monitor_list_running_attempts',
  text: `
    select seen.*
      from (
        select a.attempt_id, r.dag_id, r.run_id, ti.task_id, ti.map_index, ti.map_label, a.try_number, ti.max_tries,
               ti.operator, ti.pool, ti.queue, 'running' as state, ti.reason, a.worker_id, a.hostname, a.pid,
               ti.queued_at, a.claimed_at, a.body_started_at, a.ended_at,
               greatest(0, extract(epoch from a.claimed_at - ti.queued_at) * 1000)::float8 as waited_ms,
               greatest(0, extract(epoch from clock_timestamp() - a.claimed_at) * 1000)::float8 as ran_ms,
               null::text as error_text, null::text as error_stack, ti.progress
          from dag_run r
          join task_instance ti on ti.dag_run_id = r.dag_run_id and ti.state = 'running'
          join task_attempt a on a.task_instance_id = ti.task_instance_id and a.lease_epoch = ti.lease_epoch
         where r.state in ('queued', 'running')
           and ($6::text is null or a.worker_id = $6)
      ) as seen
     where ${MEETS_CONDITIONS}
     order by seen.claimed_at desc, seen.attempt_id desc
     limit $7 offset $8`,
};

/** Returns the attempts that run now, newest first; `workerId` narrows to one worker. */
export async function listRunningAttempts(
  db: Queryable,
  filter: AttemptFilter,
  workerId: string | null = null,
): Promise<readonly AttemptRow[]> {
  const values = [...conditionArrays(filter.conditions), workerId, filter.limit, filter.offset];
  return (await db.query<AttemptRow>(LIST_RUNNING_ATTEMPTS, values)).rows;
}
