import type { Database } from '../client.ts';

export interface Abandon {
  readonly owner: string;
  readonly fence: readonly { readonly shard: number; readonly epoch: number }[];
  readonly dagRunId: string;
  readonly shard: number;
  readonly reason: string;
}

/** A statement of its own: one that waits for a claim would not see, and so not close, the attempt it began. */
const LOCK = {
  name: 'lock_instances_of_run',
  text: 'select 1 from task_instance where dag_run_id = $1 order by task_instance_id for update',
};

const STATEMENT = {
  name: 'abandon_run_now',
  text: `
with fence as materialized (
  select s.shard from scheduler_shard s join unnest($2::smallint[], $3::bigint[]) as f(shard, epoch) on s.shard = f.shard and s.epoch = f.epoch
   where s.owner = $1 for key share of s
), before as (
  select task_instance_id, state from task_instance
   where dag_run_id = $4 and state in ('none', 'scheduled', 'queued', 'running', 'restarting', 'up_for_retry', 'up_for_reschedule', 'deferred')
     and exists (select 1 from fence where shard = $5)
   order by task_instance_id for update
), moved as (
  update task_instance ti
     set state = 'skipped', reason = $6, lease_epoch = ti.lease_epoch + 1, lease_owner = null, lease_expires_at = null, progress = null,
         next_try_at = null, ended_at = clock_timestamp()
    from before b where ti.task_instance_id = b.task_instance_id
  returning ti.task_instance_id, b.state as from_state, ti.try_number, ti.lease_epoch
), closed as (
  update task_attempt a set outcome = 'killed', ended_at = clock_timestamp() from moved m where a.task_instance_id = m.task_instance_id and a.ended_at is null
), history as (
  insert into task_instance_event (task_instance_id, event, from_state, to_state, try_number, lease_epoch, actor, reason)
  select task_instance_id, 'skip_unfinished', from_state, 'skipped', try_number, lease_epoch, 'scheduler:' || $1, $6 from moved
)
update dag_run set state = 'failed', reason = $6, started_at = coalesce(started_at, clock_timestamp()), ended_at = clock_timestamp()
 where dag_run_id = $4 and state in ('queued', 'running') and exists (select 1 from fence where shard = $5)
returning dag_run_id`,
};

/**
 * abandonRun    who: scheduler, when a run timed out or fails fast. Locks the run's unfinished instances and the run.
 * Skips all of them and fails the run, in one transaction: a scheduler that dies after it leaves no run of skipped
 * instances behind that looks like a success. A running instance loses its lease, so its worker kills the process
 * at its next renewal. False = the run ended meanwhile, or the shard is lost: nothing was done.
 */
export async function abandonRun(db: Database, abandon: Abandon): Promise<boolean> {
  const { owner, fence, dagRunId, shard, reason } = abandon;
  const shards = fence.map((held) => held.shard);
  const epochs = fence.map((held) => held.epoch);
  return db.transaction('abandon_run', async (tx) => {
    await tx.query(LOCK, [dagRunId]);
    return (await tx.query(STATEMENT, [owner, shards, epochs, dagRunId, shard, reason])).rowCount > 0;
  });
}
