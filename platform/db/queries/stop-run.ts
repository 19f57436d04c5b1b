import { probe } from '../../probes/probe.ts';
import type { Database } from '../client.ts';
import type { FlushedCallback } from './flush-scheduling.ts';

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
  /** Of the run, should it end now. */
  readonly callbacks: readonly FlushedCallback[];
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
  returning ti.task_instance_id, u.state as from_state, ti.state as to_state, ti.try_number, ti.lease_epoch,
            ti.task_id, ti.queue
), closed as (
  update task_attempt a set outcome = 'killed', ended_at = clock_timestamp() from moved m where a.task_instance_id = m.task_instance_id and a.ended_at is null
), history as (
  insert into task_instance_event (task_instance_id, event, from_state, to_state, try_number, lease_epoch, actor, reason)
  select task_instance_id, case when to_state = 'failed' then 'give_up' else 'skip_unfinished' end, from_state, to_state, try_number, lease_epoch,
         'scheduler:' || $1, $6 from moved
), left_over as (
  select exists (select 1 from unfinished where is_spared) as any
), stopped as (
  update dag_run r
     set stop_reason = $6, reason = $6, started_at = coalesce(r.started_at, clock_timestamp()),
         state = case when l.any then r.state else 'failed' end, ended_at = case when l.any then null else clock_timestamp() end
    from left_over l
   where r.dag_run_id = $4 and r.state in ('queued', 'running') and exists (select 1 from fence where shard = $5)
  returning r.dag_run_id, r.version_id, r.state = 'failed' as ended
), callbacks_of_run as (
  insert into callback_request (dag_run_id, kind, position, name, reason, message)
  select s.dag_run_id, c.kind, c.position, c.name, c.reason, $6
    from stopped s cross join unnest($9::text[], $10::smallint[], $11::text[], $12::text[]) as c(kind, position, name, reason)
   where s.ended
), callbacks_of_instances as (
  insert into callback_request (dag_run_id, task_instance_id, kind, position, name, reason, message, try_number, queue)
  select s.dag_run_id, m.task_instance_id, 'on_failure', n.position - 1, n.name, 'task_failure', $6, m.try_number, m.queue
    from stopped s join dag_version v on v.version_id = s.version_id cross join lateral jsonb_array_elements(v.spec -> 'tasks') as t
    join moved m on m.task_id = t ->> 'taskId' and m.to_state = 'failed'
   cross join lateral jsonb_array_elements_text(t -> 'callbacks' -> 'on_failure') with ordinality as n(name, position)
)
select ended from stopped`,
};

/**
 * stopRun    who: scheduler, when a run timed out or fails fast. Locks the run's unfinished instances and the run.
 * Ends all of them but the spared ones and notes why, in one transaction: a scheduler that dies after it leaves no run of
 * skipped instances behind that looks like a success. A running instance loses its lease, so its worker kills the process
 * at its next renewal. `ended`: the run has failed; `stopped`: it goes on with the spared ones. Null = the run ended
 * meanwhile, or the shard is lost: nothing was done.
 */
export async function stopRun(db: Database, stop: StopRun): Promise<'ended' | 'stopped' | null> {
  const { owner, fence, dagRunId, shard, reason, running, spared, callbacks } = stop;
  const shards = fence.map((held) => held.shard);
  const epochs = fence.map((held) => held.epoch);
  const done = await db.transaction('stop_run', async (tx) => {
    await tx.query(LOCK, [dagRunId]);
    probe('stopRun.after_lock');
    const values = [owner, shards, epochs, dagRunId, shard, reason, spared, running];
    const lists = [
      callbacks.map((callback) => callback.kind),
      callbacks.map((callback) => callback.position),
      callbacks.map((callback) => callback.name),
      callbacks.map((callback) => callback.reason),
    ];
    const { rows } = await tx.query<{ ended: boolean }>(STATEMENT, [...values, ...lists]);
    probe('stopRun.before_commit');
    if (rows[0] === undefined) return null;
    return rows[0].ended ? 'ended' : 'stopped';
  });
  probe('stopRun.after_commit');
  return done;
}
