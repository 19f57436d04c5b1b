/**
 * What must not stay so for long: what is stuck, for how long, and why. Each rule has a deadline, and counts only while
 * somebody lives who should do the work: one that is missing is said by a rule of its own.
 */
import { WAITER_KINDS } from '#core/waiting/kinds.ts';
import { type Invariant, REPORT_IT } from './invariant.ts';

/** Waits whose time to look is their own. */
const LOOKED_AT = Object.entries(WAITER_KINDS)
  .flatMap(([kind, { looking }]) => (looking === 'clock' || looking === 'polling' ? [`'${kind}'`] : []))
  .join(', ');
/** A process of the kind that has lived for as long as the deadline. */
const living = (kind: string, sinceLong: string) =>
  `exists (select 1 from service w where w.kind = '${kind}' and w.stopped_at is null and w.last_heartbeat_at > clock_timestamp() - interval '1 minute'
                  and w.started_at < clock_timestamp() - interval '${sinceLong}')`;
/** Somebody has looked after the share of this run or DAG (`r.shard`) all the while. */
const cared = `exists (select 1 from scheduler_shard s join service w on w.service_id = s.owner
                 where s.shard = r.shard and s.expires_at > clock_timestamp() and w.started_at < clock_timestamp() - interval '5 minutes')`;
const seconds = (since: string) => `extract(epoch from clock_timestamp() - ${since})::int || ' s'`;

export const LIVENESS_RULES: readonly Invariant[] = [
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
  {
    id: 'L4',
    promise: 'A run in progress has something in motion, or every waiting task of it says why it waits.',
    next: 'See: windlass why RUN_ID. A restart of the schedulers does no harm. If it helps, please report it with these ids.',
    violations: `
select r.name || ': in progress, and for ' || ${seconds('m.last_at')} || ' nothing moves; ' || m.waiting || ' tasks wait: ' || m.names as detail
  from recent r join lateral (
    select count(*) filter (where i.state in ('none', 'scheduled')) as waiting,
           bool_or(i.state in ('queued', 'running', 'restarting', 'deferred', 'up_for_retry', 'up_for_reschedule')) as moves,
           bool_and(i.reason is not null) filter (where i.state in ('none', 'scheduled')) as explained,
           left(string_agg(i.task_id || ' (' || i.state || coalesce(', ' || i.reason, '') || ')', ', ') filter (where i.state in ('none', 'scheduled')), 300) as names,
           greatest(r.started_at, max(i.ended_at), max(i.scheduled_at)) as last_at
      from ti i where i.dag_run_id = r.dag_run_id) m on true
  join dag d on d.dag_id = r.dag_id and not d.is_paused
 where r.state = 'running' and not coalesce(m.moves, false) and not coalesce(m.explained, false)
   and m.last_at < clock_timestamp() - interval '5 minutes' and ${cared}`,
  },
  {
    id: 'L6',
    promise: 'A task whose time to try again has come is tried within five minutes, or says what it waits for.',
    next: 'See: windlass why RUN_ID TASK_ID.',
    violations: `
select ti.name || ': is ' || ti.state || ', its next try was due ' || ${seconds('ti.next_try_at')} || ' ago' as detail
  from recent r join ti using (dag_run_id) join dag d on d.dag_id = r.dag_id and not d.is_paused
 where ti.state in ('up_for_retry', 'up_for_reschedule') and ti.next_try_at < clock_timestamp() - interval '5 minutes'
   and r.state = 'running' and ${cared}`,
  },
  {
    id: 'L7',
    promise: 'What a deferred task waits for is looked at when it is due, and given up when its time is over, while a triggerer lives.',
    next: 'Look at the log of the triggerer. Restarting it does no harm; another one may be started beside it.',
    violations: `
select ti.name || ': waits for ' || w.words || '; ' || case when w.timeout_at < clock_timestamp() - interval '5 minutes' then 'its time limit was '
       || ${seconds('w.timeout_at')} || ' ago' else 'a look was due ' || ${seconds('w.due_at')} || ' ago' end
       || coalesce(', owner ' || w.owner, ', no owner') || coalesce(', last seen: ' || w.note, '') as detail
  from waiter w join ti using (task_instance_id)
 where (w.timeout_at < clock_timestamp() - interval '5 minutes' or (w.due_at < clock_timestamp() - interval '5 minutes' and w.kind in (${LOOKED_AT})))
   and coalesce(w.last_look_at, w.created_at) < clock_timestamp() - interval '5 minutes' and ${living('triggerer', '5 minutes')}`,
  },
  {
    id: 'L8',
    promise: 'A run whose time has come is made within five minutes, unless as many as may be active are unfinished.',
    next: 'Look at the log of the schedulers for "timetable" and for the DAG. Restarting them does no harm.',
    violations: `
select r.dag_id || ': its next run was due ' || ${seconds('r.next_run_after')} || ' ago' as detail
  from dag r join dag_version v on v.version_id = r.version_id
 where not r.is_paused and not r.is_stale and r.next_run_after < clock_timestamp() - interval '5 minutes'
   and (select count(*) from recent n where n.dag_id = r.dag_id and n.state in ('queued', 'running')) < (v.spec ->> 'maxActiveRuns')::int
   and ${cared}`,
  },
  {
    id: 'L9',
    promise: 'A queue with queued task instances has a worker.',
    next: 'Start a worker for the queue: WINDLASS_WORKER_QUEUES=<queue> windlass worker. Or set the queue of the tasks right.',
    violations: `
select 'queue ' || ti.queue || ': ' || count(*) || ' task instances wait for a worker of it, the oldest for ' || ${seconds('min(ti.queued_at)')}
       || ' (' || min(ti.name) || ')' as detail
  from ti where ti.state = 'queued' and ti.queued_at < clock_timestamp() - interval '5 minutes'
   and not exists (select 1 from service w where w.kind = 'worker' and w.stopped_at is null and ti.queue = any(w.queues)
                      and w.last_heartbeat_at > clock_timestamp() - interval '1 minute')
 group by ti.queue`,
  },
  {
    id: 'L10',
    promise: 'What is asked of the DAG processor, and told to plugins, is taken within ten minutes while somebody lives who takes it.',
    next: `Look at the log of the schedulers; the plugins page shows what plugins did wrong. ${REPORT_IT}`,
    violations: `
select 'file ' || p.bundle_name || '/' || p.file_path || ': was to be parsed ' || ${seconds('p.asked_at')} || ' ago' as detail
  from parse_request p where p.asked_at < clock_timestamp() - interval '10 minutes' and ${living('dag_processor', '10 minutes')}
   and exists (select 1 from dag d where d.bundle_name = p.bundle_name and not d.is_stale)
union all
select 'plugin ' || e.plugin || ': ' || count(*) || ' events wait to be heard, the oldest for ' || ${seconds('min(e.at)')}
  from plugin_event e join plugin p on p.name = e.plugin and p.error is null
 where e.at < clock_timestamp() - interval '10 minutes' and ${living('scheduler', '10 minutes')} group by e.plugin
union all
select r.dag_id || ' ' || r.run_id || ': the deadline ' || d.name || ' was due ' || ${seconds('d.due_at')} || ' ago, and nobody has said whether it was met'
  from deadline d join recent r using (dag_run_id)
 where d.missed_at is null and d.met_at is null and d.due_at < clock_timestamp() - interval '10 minutes' and ${cared}`,
  },
];
