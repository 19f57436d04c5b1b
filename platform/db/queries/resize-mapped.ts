import type { InstanceRow } from '#core/scheduling/run-model.ts';
import type { Database } from '../client.ts';
import { listValues, SAVE_LISTS, type SavedList } from './expand-mapped.ts';
import { INSTANCE_COLUMNS } from './load-unfinished-runs.ts';

export interface ResizedTask {
  readonly taskId: string;
  readonly length: number;
  /** What an instance that comes back may take. */
  readonly retries: number;
}

/** A statement of its own: one that waits for a claim would not see, and so not close, the attempt it began. */
const LOCK = {
  name: 'lock_mapped_instances',
  text: `select 1 from task_instance where dag_run_id = $1 and task_id = any($2::text[]) and map_index >= 0
          order by task_instance_id for update`,
};

const STATEMENT = {
  name: 'resize_mapped',
  text: `
with fence as materialized (
  select s.shard from scheduler_shard s join unnest($2::smallint[], $3::bigint[]) as f(shard, epoch) on s.shard = f.shard and s.epoch = f.epoch
   where s.owner = $1 for key share of s
), asked as (
  select a.* from unnest($6::text[], $7::int[], $8::int[]) as a(task_id, length, retries)
   where exists (select 1 from fence where fence.shard = $5)
), misfits as (
  select ti.task_instance_id, ti.state as from_state, ti.map_index >= a.length as is_surplus, a.length, a.retries
    from task_instance ti join asked a on a.task_id = ti.task_id
   where ti.dag_run_id = $4 and ti.map_index >= 0 and (ti.map_index >= a.length) <> (ti.state = 'removed')
), moved as (
  update task_instance ti
     set state = case when m.is_surplus then 'removed' else 'none' end,
         reason = case when m.is_surplus then 'the list to map over has only ' || m.length || ' elements now' end,
         lease_epoch = ti.lease_epoch + 1, lease_owner = null, lease_expires_at = null, progress = null, next_try_at = null,
         ended_at = case when m.is_surplus then clock_timestamp() end,
         started_at = case when m.is_surplus then ti.started_at end, first_started_at = null, followed = null, map_label = null,
         clear_number = ti.clear_number + case when m.is_surplus then 0 else 1 end,
         max_tries = case when m.is_surplus then ti.max_tries else ti.try_number + m.retries end
    from misfits m where ti.task_instance_id = m.task_instance_id
  returning ti.*, m.from_state
), results as (
  delete from xcom x using moved m where x.task_instance_id = m.task_instance_id and m.state = 'none'
), states as (
  delete from task_state s using moved m where s.task_instance_id = m.task_instance_id
), closed as (
  update task_attempt a set outcome = 'killed', ended_at = clock_timestamp() from moved m where a.task_instance_id = m.task_instance_id and a.ended_at is null
), history as (
  insert into task_instance_event (task_instance_id, event, from_state, to_state, try_number, lease_epoch, actor, reason)
  select task_instance_id, case state when 'removed' then 'remove' else 'restore' end, from_state, state, try_number, lease_epoch, 'scheduler:' || $1, reason
    from moved
), added as (
  insert into task_instance (task_instance_id, dag_run_id, task_id, map_index, max_tries, operator, queue, pool, pool_slots, priority_weight)
  select new_id(), f.dag_run_id, f.task_id, n, a.retries, f.operator, f.queue, f.pool, f.pool_slots, f.priority_weight
    from asked a
    join task_instance f on f.dag_run_id = $4 and f.task_id = a.task_id and f.map_index = 0
   cross join lateral (select max(map_index) as last from task_instance ti where ti.dag_run_id = $4 and ti.task_id = a.task_id) as known
   cross join lateral generate_series(known.last + 1, a.length - 1) as n
  returning *
), lists as (${SAVE_LISTS(9)}
)
select ${INSTANCE_COLUMNS} from moved
union all
select ${INSTANCE_COLUMNS} from added`,
};

/**
 * resizeMapped    who: scheduler, when the list of an expanded region has another length (its producer ran again).
 * Locks the tasks' instances, by id. Instances beyond the length become removed (a running one loses its lease), removed
 * ones within it start anew, missing ones are inserted: together, so a half-fitted region is never seen.
 * Zero rows = it has this length already, or the shard is lost: read the run again.
 */
export async function resizeMapped(
  db: Database,
  resize: {
    readonly owner: string;
    readonly fence: readonly { readonly shard: number; readonly epoch: number }[];
    readonly dagRunId: string;
    readonly shard: number;
    readonly tasks: readonly ResizedTask[];
    readonly lists: readonly SavedList[];
  },
): Promise<readonly InstanceRow[]> {
  const { owner, fence, dagRunId, shard, tasks, lists } = resize;
  const taskIds = tasks.map((task) => task.taskId);
  const values = [
    owner,
    fence.map((held) => held.shard),
    fence.map((held) => held.epoch),
    dagRunId,
    shard,
    taskIds,
    tasks.map((task) => task.length),
    tasks.map((task) => task.retries),
    ...listValues(lists),
  ];
  return db.transaction('resize_mapped', async (tx) => {
    await tx.query(LOCK, [dagRunId, taskIds]);
    return (await tx.query<InstanceRow>(STATEMENT, values)).rows;
  });
}
