/** Limits, replayed over the whole history: what was true at every instant. */
import { POOLS, RESIZED_POOLS } from '../workload/plan.ts';
import type { Check } from './check.ts';

/** What an event adds to the slots in use: an instance holds them from queued until it leaves running. */
function delta(slots: string): string {
  const occupies = (state: string) => `(${state} in ('queued', 'running', 'restarting'))::int`;
  return `${slots} * (${occupies('e.to_state')} - ${occupies('e.from_state')})`;
}

export const LIMIT_CHECKS: readonly Check[] = [
  {
    id: 'INV-09',
    promise: 'A pool never held more than its slots; one that people resize never more than it ever had.',
    async violations({ cluster }) {
      const rows = await cluster.sql<{ pool: string; taken: number; eventId: string }>(
        `select distinct on (pool) pool, taken::int, event_id as "eventId" from (
           select ti.pool, e.event_id, sum(${delta('ti.pool_slots')}) over (partition by ti.pool order by e.event_id) as taken
             from task_instance_event e join task_instance ti using (task_instance_id) where ti.pool = any($1)) t
          where taken > ($2::jsonb ->> pool)::int order by pool, taken desc`,
        [Object.keys(POOLS), JSON.stringify(POOLS)],
      );
      return rows.map((row) => `pool ${row.pool}: ${row.taken} of ${POOLS[row.pool]} slots were taken at event ${row.eventId}`);
    },
  },
  {
    id: 'INV-18',
    promise: 'A run never has more tasks in work than maxActiveTasks.',
    async violations({ cluster, plans }) {
      const limits = Object.fromEntries(plans.map((plan) => [plan.dagId, plan.maxActiveTasks]));
      const rows = await cluster.sql<{ name: string; active: number; most: number }>(
        `select name, max(active)::int as active, most from (
           select r.dag_id || ' ' || r.run_id as name, ($1::jsonb ->> r.dag_id)::int as most,
                  sum(${delta('1')}) over (partition by r.dag_run_id order by e.event_id) as active
             from task_instance_event e join task_instance ti using (task_instance_id) join dag_run r using (dag_run_id)) t
          where active > most group by name, most`,
        [JSON.stringify(limits)],
      );
      return rows.map((row) => `${row.name}: ${row.active} tasks were in work, maxActiveTasks is ${row.most}`);
    },
  },
  {
    id: 'INV-25',
    promise: 'A scheduler writes nothing about DAGs that another one has taken over.',
    async violations({ cluster }) {
      // Rescues and waits that ran out are not of a shard: any scheduler may see to them, fenced by the lease epoch.
      const rows = await cluster.sql<{ detail: string }>(`
        select 'event ' || e.event_id || ' (' || e.event || ' ' || e.from_state || ' -> ' || e.to_state || ') of ' || ti.task_instance_id
               || ' is by ' || e.actor || ', shard ' || r.shard || ' was ' || coalesce(o.owner, 'nobody') || '''s since event ' || o.last_event_id as detail
          from task_instance_event e join task_instance ti using (task_instance_id) join dag_run r using (dag_run_id)
         cross join lateral (select owner, last_event_id from chaos_shard_log l
                              where l.shard = r.shard and l.last_event_id < e.event_id order by l.log_id desc limit 1) o
         where e.actor like 'scheduler:%' and e.event not in ('lose', 'fail_lost', 'requeue_unstarted', 'restart', 'succeed_deferred', 'fail_deferred', 'retry_deferred', 'skip_deferred', 'wake')
           and e.actor is distinct from 'scheduler:' || o.owner
         order by e.event_id limit 20`);
      return rows.map((row) => row.detail);
    },
  },
];

/** Asked again and again while everything runs; each gives who breaks it just then. */
export const INSTANT_CHECKS: readonly {
  readonly id: string;
  readonly promise: string;
  readonly text: string;
  readonly values: readonly unknown[];
}[] = [
  {
    id: 'NOW-POOLS',
    promise: 'At no instant does a pool have more tasks in work, or more slots handed out to schedulers, than it has.',
    text: `
select 'pool ' || p.name || ': ' || coalesce(u.used, 0) || ' in work, ' || coalesce(h.slots, 0) || ' handed out, of ' || p.slots as detail
  from pool p
  left join (select ti.pool, sum(ti.pool_slots) as used from dag_run r join task_instance ti using (dag_run_id)
              where r.state in ('queued', 'running') and ti.state in ('queued', 'running', 'restarting') group by ti.pool) u on u.pool = p.name
  left join (select pool, sum(slots) as slots from pool_reservation group by pool) h on h.pool = p.name
 where p.name <> all($1) and p.slots >= 0 and greatest(coalesce(u.used, 0), coalesce(h.slots, 0)) > p.slots`,
    values: [RESIZED_POOLS],
  },
  {
    id: 'NOW-ATTEMPTS',
    promise: 'At no instant does a task instance run with anything but one open attempt, of its lease.',
    text: `
select ti.task_instance_id || ' is ' || ti.state || ' on epoch ' || ti.lease_epoch || ', open: ' || coalesce(a.lease_epoch::text, 'none') as detail
  from dag_run r join task_instance ti using (dag_run_id)
  left join task_attempt a on a.task_instance_id = ti.task_instance_id and a.ended_at is null
 where r.state in ('queued', 'running') and ((ti.state = 'running') <> (a.attempt_id is not null) or a.lease_epoch <> ti.lease_epoch)`,
    values: [],
  },
  {
    id: 'NOW-RUNS',
    promise: 'At no instant are more runs of a DAG running than maxActiveRuns.',
    text: `
select r.dag_id || ': ' || count(*) || ' runs are running, maxActiveRuns is ' || (v.spec ->> 'maxActiveRuns') as detail
  from dag_run r join dag d using (dag_id) join dag_version v on v.version_id = d.version_id
 where r.state = 'running' group by r.dag_id, v.spec having count(*) > (v.spec ->> 'maxActiveRuns')::int`,
    values: [],
  },
];
