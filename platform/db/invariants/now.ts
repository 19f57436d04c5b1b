/** What holds at every instant. */
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
    id: 'INV-18',
    promise: 'No more runs of a DAG, and no more tasks of a run, are in progress than the DAG allows.',
    next: 'After the DAG was given a lower limit this is over once enough of them have ended. Else please report it.',
    violations: `
select r.dag_id || ': ' || count(*) || ' runs in progress, maxActiveRuns is ' || (v.spec ->> 'maxActiveRuns') as detail
  from recent r join dag_run n using (dag_run_id) join dag d on d.dag_id = r.dag_id join dag_version v on v.version_id = d.version_id
 where r.state = 'running' and n.run_type <> 'backfill'
 group by r.dag_id, v.version_id, v.spec having count(*) > (v.spec ->> 'maxActiveRuns')::int
union all
select r.name || ': ' || u.used || ' tasks in progress, maxActiveTasks is ' || (v.spec ->> 'maxActiveTasks')
  from recent r join dag_version v using (version_id)
  join (select dag_run_id, count(*) as used from ti where state in ('queued', 'running', 'restarting') group by 1) u using (dag_run_id)
 where u.used > (v.spec ->> 'maxActiveTasks')::int`,
  },
  {
    id: 'INV-25',
    promise: 'A share of the DAGs has one owner at a time: a scheduler that has not stopped.',
    next: REPORT_IT,
    violations: `
select 'share ' || s.shard || ': is held by ' || s.owner || ', which stopped at ' || v.stopped_at as detail
  from scheduler_shard s join service v on v.service_id = s.owner
 where v.stopped_at is not null and s.expires_at > clock_timestamp() and v.stopped_at < clock_timestamp() - interval '1 second'
union all
select 'share ' || shard || ': there are DAGs of it, and nobody can own it'
  from (select distinct shard from dag) d where not exists (select 1 from scheduler_shard s where s.shard = d.shard)`,
  },
];
