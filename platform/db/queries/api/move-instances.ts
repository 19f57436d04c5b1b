/**
 * moveInstances
 *   who:   the API, in the transaction of its request, when a person clears or marks task instances
 *   locks: the instances, in id order
 *   zero rows: none of them is in a state the change applies to; nothing was done
 *
 * State, event, attempt and lease change in one statement. The epoch is raised always: a running attempt is fenced
 * off (its next renewal gets zero rows, and its worker kills it), a delivery on its way is stale. Clearing keeps
 * the try number, so that logs of old tries stay, and allows as many further tries as the task has retries.
 */
import { TASK_INSTANCE_TRANSITIONS, type TaskInstanceEvent } from '#core/states.ts';
import type { Queryable } from '../../client.ts';

const CLEAR_EVENTS = ['clear', 'clear_running'] as const satisfies readonly TaskInstanceEvent[];

/**
 * A statement of its own: one that waits for a lock goes on with what it saw before it waited. It would miss an
 * instance that moved meanwhile, or leave the attempt open that a claim has just begun.
 */
const LOCK_INSTANCES = {
  name: 'lock_instances',
  text: 'select 1 from task_instance where task_instance_id = any($1::uuid[]) order by task_instance_id for update',
};

const LOCKED = `
locked as materialized (
  select ti.task_instance_id, ti.dag_run_id, ti.task_id, ti.state, e.event, e.to_state
    from task_instance ti
    join unnest($2::text[], $3::text[], $4::text[]) as e(event, from_state, to_state) on e.from_state = ti.state
   where ti.task_instance_id = any($1::uuid[])
   order by ti.task_instance_id for update of ti
)`;

const HISTORY = `
closed as (
  update task_attempt a set outcome = 'killed', ended_at = clock_timestamp() from moved m
   where a.task_instance_id = m.task_instance_id and a.ended_at is null
), history as (
  insert into task_instance_event (task_instance_id, event, from_state, to_state, try_number, lease_epoch, actor, reason)
  select m.task_instance_id, l.event, l.state, l.to_state, m.try_number, m.lease_epoch, $5, m.reason
    from moved m join locked l using (task_instance_id)
)`;

const CLEAR_INSTANCES = {
  name: 'clear_instances',
  text: `
with ${LOCKED}, allowed as (
  select l.task_instance_id, (t ->> 'retries')::int as retries
    from (select distinct r.dag_run_id, v.spec from locked join dag_run r using (dag_run_id) join dag_version v using (version_id)) s
   cross join lateral jsonb_array_elements(s.spec -> 'tasks') as t
    join locked l on l.dag_run_id = s.dag_run_id and l.task_id = t ->> 'taskId'
), moved as (
  update task_instance ti
     set state = l.to_state, reason = null, lease_epoch = ti.lease_epoch + 1, clear_number = ti.clear_number + 1,
         max_tries = ti.try_number + coalesce(a.retries, ti.max_tries),
         -- restarting: its worker makes it none when the body has ended; the scheduler does when the lease has.
         lease_owner = case when l.to_state = 'restarting' then ti.lease_owner end,
         lease_expires_at = case when l.to_state = 'restarting' then ti.lease_expires_at end,
         scheduled_at = null, queued_at = null, started_at = null, ended_at = null, next_try_at = null, first_started_at = null,
         followed = null, progress = null, resumed = null
    from locked l left join allowed a using (task_instance_id)
   where ti.task_instance_id = l.task_instance_id
  returning ti.task_instance_id, ti.try_number, ti.lease_epoch, ti.reason
), results as (
  delete from xcom x using moved m where x.task_instance_id = m.task_instance_id
), states as (
  delete from task_state s using moved m where s.task_instance_id = m.task_instance_id
), ${HISTORY}
select task_instance_id as id from moved`,
};

const MARK_INSTANCES = {
  name: 'mark_instances',
  text: `
with ${LOCKED}, moved as (
  update task_instance ti
     set state = l.to_state, reason = $6, lease_epoch = ti.lease_epoch + 1, lease_owner = null, lease_expires_at = null,
         ended_at = clock_timestamp(), next_try_at = null, progress = null
    from locked l
   where ti.task_instance_id = l.task_instance_id
  returning ti.task_instance_id, ti.try_number, ti.lease_epoch, ti.reason
), ${HISTORY}
select task_instance_id as id from moved`,
};

export type MarkEvent = 'mark_success' | 'mark_failed' | 'mark_skipped';

/** Clears the instances; a running one becomes `restarting`. `actor` is "user:<name>". Returns the ids that moved. */
export async function clearInstances(tx: Queryable, ids: readonly string[], actor: string): Promise<ReadonlySet<string>> {
  await tx.query(LOCK_INSTANCES, [ids]);
  return moved(await tx.query<{ id: string }>(CLEAR_INSTANCES, [ids, ...transitionsOf(CLEAR_EVENTS), actor]));
}

/** Marks the instances, whatever they do now. Returns the ids that moved. */
export async function markInstances(
  tx: Queryable,
  ids: readonly string[],
  mark: { readonly event: MarkEvent; readonly actor: string; readonly reason: string },
): Promise<ReadonlySet<string>> {
  await tx.query(LOCK_INSTANCES, [ids]);
  return moved(await tx.query<{ id: string }>(MARK_INSTANCES, [ids, ...transitionsOf([mark.event]), mark.actor, mark.reason]));
}

/** Three parallel lists, one entry per allowed (event, from, to): the where clause comes from the transition table. */
function transitionsOf(events: readonly TaskInstanceEvent[]): readonly [string[], string[], string[]] {
  const rows = events.flatMap((event) =>
    TASK_INSTANCE_TRANSITIONS[event].from.map((from) => ({ event, from, to: TASK_INSTANCE_TRANSITIONS[event].to })),
  );
  return [rows.map((row) => row.event), rows.map((row) => row.from), rows.map((row) => row.to)];
}

function moved(result: { readonly rows: readonly { readonly id: string }[] }): ReadonlySet<string> {
  return new Set(result.rows.map((row) => row.id));
}
