import type { Database } from '../client.ts';

export interface StopRun {
  readonly owner: string;
  readonly fence: readonly { readonly shard: number; readonly epoch: number }[];
  readonly dagRunId: string;
  readonly shard: number;
  readonly reason: string;
  /** What becomes of instances that a worker runs. All others are skipped. */
  readonly running: 'failed' | 'skipped';
  /** Teardowns: they are left alone, and the run ends after them. */
  readonly spared: readonly string[];
}

/** A statement of its own: one that waits for a claim would not see, and so not close, the attempt it began. */
const LOCK = {
  name: 'lock_instances_of_run',
  text: 'select 1 from task_instance where dag_run_id = $1 order by task_instance_id for update',
};

const STATEMENT = {
  name: 'stop_run',
  text: `
with fence as materialized (
  select s.shard from scheduler_shard s join unnest($2::smallint[], $3::bigint[]) as f(shard, epoch) on s.shard = f.shard and s.epoch = f.epoch
   where s.owner = $1 for key share of s
), unfinished as (
  select task_instance_id, state, task_id = any($7::text[]) as is_spared from task_instance
   where dag_run_id = $4 and state in ('none', 'scheduled', 'queued', 'running', 'restarting', 'up_for_retry', 'up_for_reschedule', 'deferred')
     and exists (select 1 from fence where shard = $5)
   order by task_instance_id for update
), moved as (
  update task_instance ti
     set state = case when u.state in ('running', 'restarting') then $8 else 'skipped' end, reason = $6, lease_epoch = ti.lease_epoch + 1,
         lease_owner = null, lease_expires_at = null, progress = null, next_try_at = null, ended_at = clock_timestamp()
    from unfinished u where ti.task_instance_id = u.task_instance_id and not u.is_spared
  returning ti.task_instance_id, u.state as from_state, ti.state as to_state, ti.try_number, ti.lease_epoch
), closed as (
  update task_attempt a set outcome = 'killed', ended_at = clock_timestamp() from moved m where a.task_instance_id = m.task_instance_id and a.ended_at is null
), history as (
  insert into task_instance_event (task_instance_id, event, from_state, to_state, try_number, lease_epoch, actor, reason)
  select task_instance_id, case when to_state = 'failed' then 'give_up' else 'skip_unfinished' end, from_state, to_state, try_number, lease_epoch,
         'scheduler:' || $1, $6 from moved
), left_over as (
  select exists (select 1 from unfinished where is_spared) as any
)
update dag_run r
   set stop_reason = $6, reason = $6, started_at = coalesce(r.started_at, clock_timestamp()),
       state = case when l.any then r.state else 'failed' end, ended_at = case when l.any then null else clock_timestamp() end
  from left_over l
 where r.dag_run_id = $4 and r.state in ('queued', 'running') and exists (select 1 from fence where shard = $5)
returning r.state = 'failed' as ended`,
};

/**
 * stopRun    who: scheduler, when a run timed out or fails fast. Locks the run's unfinished instances and the run.
 * Ends all of them but the spared ones and notes why, in one transaction: a scheduler that dies after it leaves no run of
 * skipped instances behind that looks like a success. A running instance loses its lease, so its worker kills the process
 * at its next renewal. `ended`: the run has failed; `stopped`: it goes on with the spared ones. Null = the run ended
 * meanwhile, or the shard is lost: nothing was done.
 */
export async function stopRun(db: Database, stop: StopRun): Promise<'ended' | 'stopped' | null> {
  const { owner, fence, dagRunId, shard, reason, running, spared } = stop;
  const shards = fence.map((held) => held.shard);
  const epochs = fence.map((held) => held.epoch);
  return db.transaction('stop_run', async (tx) => {
    await tx.query(LOCK, [dagRunId]);
    const { rows } = await tx.query<{ ended: boolean }>(STATEMENT, [owner, shards, epochs, dagRunId, shard, reason, spared, running]);
    if (rows[0] === undefined) return null;
    return rows[0].ended ? 'ended' : 'stopped';
  });
}
