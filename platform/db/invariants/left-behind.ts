/** What may be left of an execution, and what must not be: effects have a cause, and the end of a run is the end of all of it. */
import { type Invariant, REPORT_IT } from './invariant.ts';

export const LEFT_BEHIND_INVARIANTS: readonly Invariant[] = [
  {
    id: 'INV-11',
    promise: 'An event of an asset that names an attempt was made by one that succeeded.',
    next: REPORT_IT,
    violations: `
select r.name || ' ' || e.source_task_id || ': event ' || e.event_id || ' of an asset names attempt ' || e.attempt_id || ', which '
       || coalesce('ended as ' || a.outcome, 'does not exist') as detail
  from recent r join asset_event e on e.source_dag_id = r.dag_id and e.source_run_id = r.run_id
  left join task_attempt a on a.attempt_id = e.attempt_id
 where e.attempt_id is not null and a.outcome is distinct from 'success'`,
  },
  {
    id: 'INV-15',
    promise: 'A run that has ended leaves nothing open behind it: no question, no wait, no attempt, no place in a backfill.',
    next: REPORT_IT,
    violations: `
select ti.name || ': a question is still open (' || q.subject || ') in a run that is ' || r.state as detail
  from recent r join ti using (dag_run_id) join approval_request q using (task_instance_id)
 where r.state in ('success', 'failed') and r.started_at is not null and q.closed_at is null
   and not exists (select 1 from waiter w where w.task_instance_id = ti.task_instance_id)
union all
select r.name || ': is unfinished, and its backfill ' || b.backfill_id || ' is completed'
  from recent r join dag_run n using (dag_run_id) join backfill b using (backfill_id)
 where r.state in ('queued', 'running') and b.completed_at < clock_timestamp() - interval '1 minute' and b.cancelled_at is null
   and r.queued_at < b.completed_at`,
  },
  {
    id: 'INV-20',
    promise: 'A trigger that was answered made its run, and made it once.',
    next: REPORT_IT,
    // Runs that ended before the oldest one that is kept may have gone with retention; those of a DAG of which any was deleted, with that.
    violations: `
select a.dag_id || ' ' || a.run_id || ': was triggered by ' || a.actor || ', and ' || case when n.runs = 0 then 'does not exist' else 'was so ' || a.times || ' times' end as detail
  from (select dag_id, run_id, min(actor) as actor, count(*) as times, min(at) as at from audit_log
         where action = 'dag_run.trigger' and run_id is not null and at > clock_timestamp() - $1 * interval '1 millisecond' group by dag_id, run_id) a
 cross join lateral (select count(*) as runs from dag_run r where r.dag_id = a.dag_id and r.run_id = a.run_id) n
 where (n.runs = 0 or a.times > 1) and a.at > (select min(ended_at) from dag_run)
   and not exists (select 1 from audit_log d where d.dag_id = a.dag_id and (d.action like '%delete%' or d.action like '%bulk%'))`,
  },
  {
    id: 'INV-23',
    promise: 'A process that has stopped holds no connection to Postgres.',
    next: 'End the session: select pg_terminate_backend(pid) from pg_stat_activity. If its process lives on, kill it, and please report it.',
    violations: `
select 'session ' || a.pid || ' of ' || a.application_name || ': its process stopped ' || extract(epoch from clock_timestamp() - s.stopped_at)::int || ' s ago' as detail
  from pg_stat_activity a
 cross join lateral (select max(stopped_at) as stopped_at, bool_or(stopped_at is null and last_heartbeat_at > clock_timestamp() - interval '1 minute') as lives
                       from service s where s.kind || ':' || s.pid = a.application_name) s
 where a.datname = current_database() and s.stopped_at < clock_timestamp() - interval '1 minute' and not s.lives`,
  },
  {
    id: 'INV-19',
    promise: 'A run that somebody asked for over the API or the pages has its line in the audit log, written with it.',
    next: REPORT_IT,
    violations: `
select r.name || ': was asked for by ' || coalesce(n.triggering_user, 'somebody') || ', and no line of the audit log says so' as detail
  from recent r join dag_run n using (dag_run_id)
 where n.triggered_by in ('rest_api', 'ui') and n.triggering_user is not null and n.run_type in ('manual', 'asset_materialization')
   and r.queued_at > coalesce((select min(at) from audit_log), 'infinity')
   and not exists (select 1 from audit_log a where a.dag_id = r.dag_id and a.run_id = r.run_id)`,
  },
];
