/** What holds of the history of task instances. Their events are in the order of event_id: the row's lock orders their writers. */
import { TASK_INSTANCE_TRANSITIONS, type Transition } from '#core/states.ts';
import { type Invariant, REPORT_IT } from './invariant.ts';

const LEGAL_EVENTS = Object.entries(TASK_INSTANCE_TRANSITIONS as Record<string, Transition>)
  .flatMap(([event, { from, to }]) => from.map((state) => `('${event}', '${state}', '${to}')`))
  .join(', ');

export const HISTORY_INVARIANTS: readonly Invariant[] = [
  {
    id: 'INV-01',
    promise: 'Every event of the history is a transition of the table of states.',
    next: REPORT_IT,
    violations: `
select ti.name || ': ' || e.event || ' ' || e.from_state || ' -> ' || e.to_state || ' (event ' || e.event_id || ')' as detail
  from task_instance_event e join ti using (task_instance_id)
 where (e.event, e.from_state, e.to_state) not in (values ${LEGAL_EVENTS})`,
  },
  {
    id: 'INV-02',
    promise: 'The history of a task instance is one chain from none to the state it is in.',
    next: REPORT_IT,
    violations: `
select name || ': event ' || event_id || ' begins at ' || from_state || ' after ' || previous as detail
  from (select ti.name, e.event_id, e.from_state,
               coalesce(lag(e.to_state) over (partition by e.task_instance_id order by e.event_id), 'none') as previous
          from task_instance_event e join ti using (task_instance_id)) x
 where from_state <> previous
union all
select ti.name || ': is ' || ti.state || ', its history ends at ' || coalesce(ti.last_state, 'none')
  from told ti where ti.state <> coalesce(ti.last_state, 'none')`,
  },
  {
    id: 'INV-03',
    promise: 'A task that needs the success of its upstream tasks is scheduled only after they succeeded.',
    next: REPORT_IT,
    // Tasks mapped by a scope and runs moved to a newer version are left out: what they waited for is not written down.
    violations: `
select d.name || ': scheduled by event ' || d.event_id || ' before ' || u.task_id || ' succeeded' as detail
  from (select ti.name, ti.dag_run_id, e.event_id, up.task_id as upstream_id
          from recent r
          join dag_version v on v.version_id = r.version_id and v.created_at <= r.queued_at
         cross join lateral jsonb_array_elements(v.spec -> 'tasks') as t
         cross join lateral jsonb_array_elements_text(t -> 'upstream') as up(task_id)
          join ti on ti.dag_run_id = r.dag_run_id and ti.task_id = t ->> 'taskId' and ti.map_index < 0
          join task_instance_event e on e.task_instance_id = ti.task_instance_id and e.event = 'schedule'
         where t ->> 'triggerRule' = 'all_success' and t ->> 'mapScope' is null) d
  join ti u on u.dag_run_id = d.dag_run_id and u.task_id = d.upstream_id and u.map_index < 0 and u.state <> 'removed'
 where not exists (select 1 from task_instance_event s where s.task_instance_id = u.task_instance_id and s.to_state = 'success' and s.event_id < d.event_id)`,
  },
  {
    id: 'INV-04',
    promise: 'No event carries an older lease than one before it: who lost a lease writes nothing.',
    next: REPORT_IT,
    violations: `
select name || ': event ' || event_id || ' has epoch ' || lease_epoch || ' after ' || previous as detail
  from (select ti.name, e.event_id, e.lease_epoch, lag(e.lease_epoch) over (partition by e.task_instance_id order by e.event_id) as previous
          from task_instance_event e join ti using (task_instance_id)) x
 where lease_epoch < previous`,
  },
  {
    id: 'INV-08',
    promise: 'A run that began and has ended has no task instance that has not.',
    next: 'Clear the named task instances, or mark them: the run then goes on and ends anew. It should not happen: please report it.',
    violations: `
select ti.name || ': is ' || ti.state || ' in a run that is ' || r.state as detail
  from recent r join ti on ti.dag_run_id = r.dag_run_id
 where r.state in ('success', 'failed') and r.started_at is not null
   and ti.state not in ('success', 'failed', 'skipped', 'upstream_failed', 'removed')`,
  },
  {
    id: 'INV-27',
    promise: 'What the lists believe of a run that has ended is what its task instances say.',
    next: `${REPORT_IT} Until then, delete the named rows of dag_run_summary: they are made anew.`,
    violations: `
select r.name || ' (' || r.dag_run_id || '): its summary has ' || s.success || ' success, ' || s.failed || ' failed, ' || s.skipped || ' skipped, '
       || s.upstream_failed || ' upstream_failed and ' || s.removed || ' removed, or other bounds than its instances' as detail
  from recent r join dag_run d using (dag_run_id)
  join dag_run_summary s on s.dag_run_id = d.dag_run_id and s.ended_at = d.ended_at and s.revision = d.revision
 cross join lateral (
   select count(*) filter (where state = 'success') as success, count(*) filter (where state = 'failed') as failed,
          count(*) filter (where state = 'skipped') as skipped, count(*) filter (where state = 'upstream_failed') as upstream_failed,
          count(*) filter (where state = 'removed') as removed, count(*) as instances, count(started_at) as started, count(ended_at) as ended,
          min(started_at) as first_start, max(started_at) as last_start, min(ended_at) as first_end, max(ended_at) as last_end,
          min(map_index) as first_index, max(map_index) as last_index
     from task_instance ti where ti.dag_run_id = d.dag_run_id) i
 where (s.success, s.failed, s.skipped, s.upstream_failed, s.removed, s.unstarted, s.unended, s.first_started_at, s.last_started_at,
        s.first_ended_at, s.last_ended_at, s.first_map_index, s.last_map_index)
       is distinct from
       (i.success, i.failed, i.skipped, i.upstream_failed, i.removed, i.instances - i.started, i.instances - i.ended, i.first_start, i.last_start,
        i.first_end, i.last_end, i.first_index, i.last_index)
    or i.instances <> i.success + i.failed + i.skipped + i.upstream_failed + i.removed`,
  },
];
