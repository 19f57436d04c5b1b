/**
 * listAttempts
 *   who:   monitor, for the tasks page, the overview's ticker and a worker's history
 *   locks: nothing
 *   index: the attempts' ids, which sort by time, from the newest back. Only the newest SEARCHED_ATTEMPTS are looked
 *          through, so that a search for something that is not there ends; a worker's are no older than it.
 *   zero rows: no such attempt among those
 *
 * The moment an attempt was queued comes from the history, since the instance's own column is overwritten by
 * its next try.
 */
import type { Queryable } from '../../client.ts';
import { type AttemptFilter, type AttemptRow, conditionArrays, MEETS_CONDITIONS } from './attempt-row.ts';

/** How many attempts a search looks through, newest first. */
export const SEARCHED_ATTEMPTS = 20_000;

const LIST_ATTEMPTS = {
  name: 'monitor_list_attempts',
  text: `
    with recent as (
      select attempt_id, task_instance_id, try_number, lease_epoch, worker_id, hostname, pid,
             coalesce(outcome, 'running') as state, error, claimed_at, body_started_at, ended_at
        from task_attempt
       where $6::text is null
          or (worker_id = $6 and claimed_at >= (select started_at from service where service_id = $6))
       order by attempt_id desc
       limit $9
    )
    select seen.*
      from (
        select a.attempt_id, r.dag_id, r.run_id, ti.task_id, ti.map_index, ti.map_label, a.try_number, ti.max_tries,
               ti.operator, ti.pool, ti.queue, a.state, null::text as reason, a.worker_id, a.hostname, a.pid,
               q.queued_at, a.claimed_at, a.body_started_at, a.ended_at,
               greatest(0, extract(epoch from a.claimed_at - q.queued_at) * 1000)::float8 as waited_ms,
               greatest(0, extract(epoch from coalesce(a.ended_at, clock_timestamp()) - a.claimed_at) * 1000)::float8 as ran_ms,
               left(concat_ws(': ', nullif(a.error ->> 'name', 'Error'), a.error ->> 'message'), 2000) as error_text,
               left(a.error ->> 'stack', 8000) as error_stack,
               case when a.ended_at is null then ti.progress end as progress
          from recent a
          join task_instance ti on ti.task_instance_id = a.task_instance_id
          join dag_run r on r.dag_run_id = ti.dag_run_id
          left join lateral (
            select max(e.at) as queued_at
              from task_instance_event e
             where e.task_instance_id = a.task_instance_id
               and e.to_state = 'queued'
               and e.at <= a.claimed_at
          ) q on true
         where $10::text is null or a.state = $10
      ) as seen
     where ${MEETS_CONDITIONS}
     order by seen.claimed_at desc, seen.attempt_id desc
     limit $7 offset $8`,
};

/** Said apart from the conditions because they are cheap: they are checked before anything is joined. */
export interface AttemptNarrowing {
  readonly workerId?: string | null;
  /** An outcome, or "running". */
  readonly state?: string | null;
}

/** Returns attempts, newest first, that meet every condition. */
export async function listAttempts(db: Queryable, filter: AttemptFilter, narrow: AttemptNarrowing = {}): Promise<readonly AttemptRow[]> {
  const { workerId = null, state = null } = narrow;
  // With nothing to look for, the newest ones are the page.
  const isPlain = filter.conditions.length === 0 && state === null;
  const searched = isPlain ? filter.limit + filter.offset : SEARCHED_ATTEMPTS;
  const values = [...conditionArrays(filter.conditions), workerId, filter.limit, filter.offset, searched, state];
  return (await db.query<AttemptRow>(LIST_ATTEMPTS, values)).rows;
}
