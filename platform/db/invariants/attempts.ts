/** What holds of attempts: who runs, who wins, how often, and whose results count. */
import { type Invariant, REPORT_IT } from './invariant.ts';

export const ATTEMPT_INVARIANTS: readonly Invariant[] = [
  {
    id: 'INV-05',
    promise: 'Each success a worker wrote is one winning attempt, on the lease of that moment, and the other way round.',
    next: REPORT_IT,
    violations: `
select ti.name || ': event ' || e.event_id || ' says success on epoch ' || e.lease_epoch || ', no attempt won there' as detail
  from task_instance_event e join ti using (task_instance_id)
  left join task_attempt a on a.task_instance_id = e.task_instance_id and a.lease_epoch = e.lease_epoch and a.outcome = 'success'
 where e.event = 'succeed' and a.attempt_id is null
union all
select ti.name || ': attempt ' || a.attempt_id || ' won, and no event says so'
  from task_attempt a join ti using (task_instance_id)
 where a.outcome = 'success'
   and not exists (select 1 from task_instance_event e where e.task_instance_id = a.task_instance_id and e.event = 'succeed' and e.lease_epoch = a.lease_epoch)`,
  },
  {
    id: 'INV-06',
    promise: 'A task instance runs exactly when one attempt of it is open, on its lease.',
    next: REPORT_IT,
    violations: `
select ti.name || ': is ' || ti.state || ' on epoch ' || ti.lease_epoch || ', open attempt: ' || coalesce('epoch ' || a.lease_epoch, 'none') as detail
  from ti left join task_attempt a on a.task_instance_id = ti.task_instance_id and a.ended_at is null
 where (ti.state = 'running') <> (a.attempt_id is not null) or a.lease_epoch <> ti.lease_epoch`,
  },
  {
    id: 'INV-07',
    promise: 'No task instance is tried more often than its retries allow; tries that Windlass itself lost before the body began are free.',
    next: REPORT_IT,
    violations: `
select ti.name || ': ' || count(*) || ' tries, ' || (ti.max_tries + 1) || ' are allowed' as detail
  from ti join task_attempt a on a.task_instance_id = ti.task_instance_id and a.clear_number = ti.clear_number
 where a.outcome in ('success', 'failed', 'skipped') or (a.outcome = 'lost' and a.body_started_at is not null)
 group by ti.task_instance_id, ti.name, ti.max_tries having count(*) > ti.max_tries + 1`,
  },
  {
    id: 'INV-12',
    promise: 'Without retries the body begins once: a lost attempt fails the task instead of repeating it.',
    next: REPORT_IT,
    violations: `
select ti.name || ': the body began ' || count(*) || ' times, retries = 0' as detail
  from ti join task_attempt a on a.task_instance_id = ti.task_instance_id and a.clear_number = ti.clear_number
 where ti.max_tries = 0 and a.body_started_at is not null
   and (a.outcome is null or a.outcome not in ('rescheduled', 'deferred', 'handed_back', 'killed'))
 group by ti.task_instance_id, ti.name having count(*) > 1`,
  },
  {
    id: 'INV-13',
    promise: 'Attempts of one task instance follow each other; they never overlap.',
    next: `${REPORT_IT} If the clock of the Postgres server was set back, that explains it.`,
    violations: `
select ti.name || ': attempt ' || b.attempt_id || ' began ' || extract(epoch from a.ended_at - b.claimed_at)::int || ' s before ' || a.attempt_id || ' ended' as detail
  from ti join task_attempt a on a.task_instance_id = ti.task_instance_id
  join task_attempt b on b.task_instance_id = a.task_instance_id and b.lease_epoch > a.lease_epoch
 where a.ended_at > b.claimed_at + interval '1 second'`,
  },
  {
    id: 'INV-14',
    promise: 'The results of a success are those of the try that won.',
    next: REPORT_IT,
    violations: `
select ti.name || ': XCom ' || x.key || ' is of attempt ' || x.attempt_id || ', which ' || coalesce('ended as ' || a.outcome, 'does not exist') as detail
  from told ti join xcom x on x.task_instance_id = ti.task_instance_id
  left join task_attempt a on a.attempt_id = x.attempt_id and a.task_instance_id = ti.task_instance_id
 where ti.state = 'success' and ti.last_event = 'succeed' and (a.attempt_id is null or a.outcome in ('failed', 'lost', 'killed'))`,
  },
  {
    id: 'INV-16',
    promise: 'No body runs longer than its executionTimeout, and the time to kill it.',
    next: 'Look at the log of the attempt: its last lines say when it was killed. A worker that hangs shows on the monitor.',
    violations: `
select ti.name || ': attempt ' || a.attempt_id || ' ran ' || extract(epoch from a.ended_at - a.body_started_at)::int || ' s, executionTimeout is '
       || ((t ->> 'executionTimeoutMs')::float8 / 1000)::int || ' s' as detail
  from recent r join dag_version v on v.version_id = r.version_id and v.created_at <= r.queued_at
 cross join lateral jsonb_array_elements(v.spec -> 'tasks') as t
  join ti on ti.dag_run_id = r.dag_run_id and ti.task_id = t ->> 'taskId'
  join task_attempt a on a.task_instance_id = ti.task_instance_id
 where t ->> 'executionTimeoutMs' is not null and a.outcome in ('success', 'failed', 'skipped')
   and a.ended_at > a.body_started_at + ((t ->> 'executionTimeoutMs')::float8 + 60000) * interval '1 millisecond'`,
  },
  {
    id: 'INV-17',
    promise: 'A try that failed is followed by the next one no sooner than its retryDelay.',
    next: REPORT_IT,
    // Policies, RetryAfter and exponential waits choose other times; runs moved to a newer version may have another delay.
    violations: `
select x.name || ': tried again ' || extract(epoch from x.next_at - x.at)::numeric(10, 1) || ' s after it failed, retryDelay is ' || (x.delay_ms / 1000)::numeric(10, 1) || ' s' as detail
  from (select ti.name, e.task_instance_id, e.event, e.to_state, e.lease_epoch, e.at, (t ->> 'retryDelayMs')::float8 as delay_ms,
               lead(e.event) over w as next_event, lead(e.at) over w as next_at
          from recent r
          join dag_version v on v.version_id = r.version_id and v.created_at <= r.queued_at
         cross join lateral jsonb_array_elements(v.spec -> 'tasks') as t
          join ti on ti.dag_run_id = r.dag_run_id and ti.task_id = t ->> 'taskId'
          join task_instance_event e on e.task_instance_id = ti.task_instance_id
         where t ->> 'retryPolicy' is null and (t ->> 'retryExponentialBackoff')::float8 = 1
        window w as (partition by e.task_instance_id order by e.event_id)) x
  left join task_attempt a on a.task_instance_id = x.task_instance_id and a.lease_epoch = x.lease_epoch
 where x.event = 'retry' and x.next_event = 'schedule' and a.error::text !~ 'RetryAfter'
   and x.next_at < x.at + (x.delay_ms - 500) * interval '1 millisecond'`,
  },
];
