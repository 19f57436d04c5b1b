/**
 * What the unfinished instances of a run wait for: the recorded reasons of instances and run, and what is added to them.
 * Called by pages, the API and `windlass why`. Zero rows: nothing of the run (of the task) is unfinished.
 */
import type { WaitingFacts } from '#core/why.ts';
import type { Queryable } from '../../client.ts';

const READ_WAITING_FACTS = {
  name: 'read_waiting_facts',
  text: `
select ti.task_id as "taskId", ti.map_index as "mapIndex", ti.state, ti.reason, ti.try_number as "tryNumber", ti.max_tries as "maxTries",
       (extract(epoch from ti.next_try_at) * 1000)::float8 as "nextTryAtMs", ti.queue, r.state as "runState", r.reason as "runReason",
       d.is_paused as "isDagPaused", d.has_import_errors as "isDagBroken", alive.schedulers,
       case when ti.state = 'none' and ti.reason is null then u.upstream end as upstream,
       case when w.task_instance_id is not null then jsonb_build_object(
         'sinceMs', extract(epoch from w.created_at) * 1000, 'untilMs', extract(epoch from w.timeout_at) * 1000, 'note', w.note,
         'lastLookMs', extract(epoch from w.last_look_at) * 1000, 'isAnswer', w.kind = 'answer', 'triggerers', alive.triggerers) end as wait,
       (extract(epoch from clock_timestamp()) * 1000)::float8 as "nowMs"
  from dag_run r join task_instance ti using (dag_run_id) join dag d using (dag_id)
 cross join lateral (select count(*) filter (where s.kind = 'scheduler')::int as schedulers, count(*) filter (where s.kind = 'triggerer')::int as triggerers
                       from service s where s.stopped_at is null
                        and s.last_heartbeat_at > clock_timestamp() - interval '30 seconds') alive
  left join waiter w on w.task_instance_id = ti.task_instance_id
  left join lateral (
    -- Only of what nothing is recorded of yet.
    select coalesce(jsonb_object_agg(up.task_id, up.is_done), '{}') as upstream
      from dag_version v cross join lateral jsonb_array_elements(v.spec -> 'tasks') as t
     cross join lateral (select o.task_id, bool_and(o.state in ('success', 'failed', 'skipped', 'upstream_failed', 'removed')) as is_done
                           from task_instance o where o.dag_run_id = r.dag_run_id and t -> 'upstream' ? o.task_id group by o.task_id) up
     where v.version_id = r.version_id and t ->> 'taskId' = ti.task_id and ti.state = 'none' and ti.reason is null
  ) u on true
 where r.dag_run_id = $1 and ($2::text is null or ti.task_id = $2) and ($3::int is null or ti.map_index = $3)
   and ti.state not in ('success', 'failed', 'skipped', 'upstream_failed', 'removed')
 order by ti.task_id, ti.map_index limit $4`,
};

export interface WaitingInstance extends WaitingFacts {
  readonly taskId: string;
  readonly mapIndex: number;
}

export interface WaitingQuestion {
  readonly dagRunId: string;
  readonly taskId?: string;
  readonly mapIndex?: number;
  readonly limit: number;
}

export async function readWaitingFacts(db: Queryable, question: WaitingQuestion): Promise<readonly WaitingInstance[]> {
  const { dagRunId, taskId, mapIndex, limit } = question;
  const { rows } = await db.query<WaitingInstance>(READ_WAITING_FACTS, [dagRunId, taskId ?? null, mapIndex ?? null, limit]);
  return rows.map((row) => ({ ...row, upstream: row.upstream ?? {} }));
}
