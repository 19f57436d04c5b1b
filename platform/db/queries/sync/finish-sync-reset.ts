import type { SyncResetDone } from '#core/sync/sync-report.ts';
import type { Queryable } from '../../client.ts';
import type { SyncHolder } from './open-sync.ts';

const STATEMENT = {
  name: 'finish_sync_reset',
  text: `
with holder as (
  select task_instance_id from task_instance where task_instance_id = $1 and state = 'running' and lease_epoch = $2 for key share
), done as (
  update sync_reset r set done_at = clock_timestamp(), removed = case when r.rows = 'remove' then $6::bigint end
    from holder
   where r.reset_id = $5::uuid and r.sync_id = $4 and r.attempt_id = $3 and r.done_at is null
  returning r.sync_id, r.rows, r.requested_by, r.removed
), stream as (
  update sync_stream s set state = null, rows_total = 0, updated_at = clock_timestamp()
    from done d where s.sync_id = d.sync_id
  returning s.sync_id, s.stream, s.destination
), told as (
  insert into audit_log (actor, action, dag_id, run_id, task_id, map_index, extra)
  select 'worker', 'sync.reset_done', $7, $8, $9, $10,
         jsonb_build_object('stream', s.stream, 'destination', s.destination, 'rows', d.rows, 'removed', d.removed, 'requested_by', d.requested_by)
    from done d join stream s using (sync_id)
)
select sync_id from done`,
};

/**
 * finishSyncReset    who: worker, when the destination has begun from the start, before the first page. Locks the instance in key
 * share, the wish and the stream; writes the audit log. Null = the lease is lost, or the wish was told to another attempt since.
 */
export async function finishSyncReset(db: Queryable, holder: SyncHolder, done: SyncResetDone): Promise<'done' | null> {
  const { rowCount } = await db.query(STATEMENT, [
    holder.taskInstanceId,
    holder.leaseEpoch,
    holder.attemptId,
    done.syncId,
    done.resetId,
    done.removed,
    holder.dagId,
    holder.runId,
    holder.taskId,
    holder.mapIndex,
  ]);
  return rowCount === 1 ? 'done' : null;
}
