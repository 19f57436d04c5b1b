/** What holds at every instant, and what must not stay so for long: work that nobody does, leases that nobody ends. */
import { type Invariant, REPORT_IT } from './invariant.ts';

export const PRESENT_INVARIANTS: readonly Invariant[] = [
  {
    id: 'INV-09',
    promise: 'A pool never holds more than its slots.',
    next: 'After a pool was made smaller this is over once enough of its tasks have ended. Else please report it.',
    violations: `
select 'pool ' || p.name || ': ' || u.used || ' slots used, it has ' || p.slots || ' and ' || coalesce(h.slots, 0) || ' are handed out' as detail
  from pool p
  join (select pool, sum(pool_slots) as used from ti where state in ('queued', 'running', 'restarting') group by pool) u on u.pool = p.name
  left join (select pool, sum(slots) as slots from pool_reservation group by pool) h on h.pool = p.name
 where p.slots >= 0 and u.used > greatest(p.slots, coalesce(h.slots, 0))`,
  },
  {
    id: 'INV-26',
    promise: 'A task instance is deferred exactly when one wait is kept for it, on its lease.',
    next: `Clear the named task instances: they begin anew. ${REPORT_IT}`,
    violations: `
select ti.name || ': is ' || ti.state || ' on epoch ' || ti.lease_epoch || ', its wait: ' || coalesce('epoch ' || w.lease_epoch, 'none') as detail
  from ti left join waiter w on w.task_instance_id = ti.task_instance_id
 where (ti.state = 'deferred') <> (w.task_instance_id is not null) or w.lease_epoch <> ti.lease_epoch`,
  },
  {
    id: 'L1',
    promise: 'Every run that has not ended is looked after by a living scheduler.',
    next: 'Start a scheduler: windlass scheduler (or npm start).',
    violations: `
select r.name || ': is ' || r.state || '; nobody has looked after its share of the DAGs '
       || case when s.expires_at = '-infinity' then 'yet' else 'for ' || extract(epoch from clock_timestamp() - s.expires_at)::int || ' s' end as detail
  from recent r join scheduler_shard s on s.shard = r.shard
 where r.state in ('queued', 'running') and s.expires_at < clock_timestamp() - interval '1 minute'
   and r.queued_at < clock_timestamp() - interval '1 minute'`,
  },
  {
    id: 'L2',
    promise: 'No task instance stays queued while a worker of its queue has free slots.',
    next: 'Look at the worker and the broker on the monitor, then at the logs of both. Restarting the worker does no harm.',
    violations: `
select ti.name || ': queued for ' || extract(epoch from clock_timestamp() - ti.queued_at)::int || ' s in the queue ' || ti.queue as detail
  from ti
 where ti.state = 'queued' and ti.queued_at < clock_timestamp() - interval '2 minutes'
   and exists (select 1 from service w where w.kind = 'worker' and w.stopped_at is null and w.state = 'running' and w.running < w.slots
                  and ti.queue = any(w.queues) and w.last_heartbeat_at > clock_timestamp() - interval '1 minute'
                  and w.started_at < clock_timestamp() - interval '2 minutes')`,
  },
  {
    id: 'L3',
    promise: 'An attempt whose lease ran out is declared lost within two minutes.',
    next: 'Start a scheduler if none lives (windlass jobs check --job-type scheduler); it rescues them by itself.',
    violations: `
select ti.name || ': ' || ti.state || ' on ' || ti.lease_owner || ', whose lease ran out ' || extract(epoch from clock_timestamp() - ti.lease_expires_at)::int
       || ' s ago' as detail
  from ti where ti.state in ('running', 'restarting') and ti.lease_expires_at < clock_timestamp() - interval '2 minutes'`,
  },
  {
    id: 'L5',
    promise: 'Callbacks are called within ten minutes while a worker lives.',
    next: 'Look at the log of the workers; the callbacks page shows what was tried.',
    violations: `
select r.name || ': ' || c.kind || ' callback ' || c.name || ' waits for ' || extract(epoch from clock_timestamp() - c.next_try_at)::int || ' s' as detail
  from callback_request c join recent r using (dag_run_id)
 where c.state in ('pending', 'running') and c.next_try_at < clock_timestamp() - interval '10 minutes'
   and exists (select 1 from service w where w.kind = 'worker' and w.stopped_at is null and w.state = 'running'
                  and (c.queue is null or c.queue = any(w.queues)) and w.last_heartbeat_at > clock_timestamp() - interval '1 minute'
                  and w.started_at < clock_timestamp() - interval '10 minutes')`,
  },
];
