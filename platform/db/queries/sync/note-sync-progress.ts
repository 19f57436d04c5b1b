import type { SyncProgress } from '#core/sync/sync-report.ts';
import type { Queryable } from '../../client.ts';
import type { SyncHolder } from './open-sync.ts';

const STATEMENT = {
  name: 'note_sync_progress',
  text: `
with holder as (
  select task_instance_id from task_instance where task_instance_id = $1 and state = 'running' and lease_epoch = $2 for key share
), attempt as (
  update sync_attempt a
     set state_before = coalesce(a.state_before, $5::jsonb), state_after = $6::jsonb, rows = a.rows + $7, pages = a.pages + $8,
         removed = case when $9::bigint is null then a.removed else coalesce(a.removed, 0) + $9 end
    from holder
   where a.attempt_id = $3 and a.sync_id = $4
  returning a.sync_id
), stream as (
  update sync_stream s set state = nullif($6::jsonb, 'null'), rows_total = s.rows_total + $7, updated_at = clock_timestamp()
    from attempt a where s.sync_id = a.sync_id
)
select sync_id from attempt`,
};

/**
 * noteSyncProgress    who: worker, when a sync knows where it goes on, after each page and at its end. Locks the instance in key
 * share, its attempt's row and the stream. Null = the lease is lost, or this attempt has not opened the stream.
 */
export async function noteSyncProgress(db: Queryable, holder: SyncHolder, progress: SyncProgress): Promise<'noted' | null> {
  const { rowCount } = await db.query(STATEMENT, [
    holder.taskInstanceId,
    holder.leaseEpoch,
    holder.attemptId,
    progress.syncId,
    progress.before === undefined ? null : JSON.stringify(progress.before),
    JSON.stringify(progress.state),
    progress.rows,
    progress.pages,
    progress.removed,
  ]);
  return rowCount === 1 ? 'noted' : null;
}
