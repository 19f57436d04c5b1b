import type { SyncOpened, SyncOpening } from '#core/sync/sync-report.ts';
import type { Queryable } from '../../client.ts';
import type { Claimed } from '../claim-task-instances.ts';

export type SyncHolder = Pick<Claimed, 'attemptId' | 'taskInstanceId' | 'leaseEpoch' | 'dagId' | 'runId' | 'taskId' | 'mapIndex'>;

const STATEMENT = {
  name: 'open_sync',
  text: `
with holder as (
  select task_instance_id from task_instance where task_instance_id = $1 and state = 'running' and lease_epoch = $2 for key share
), stream as (
  insert into sync_stream (dag_id, task_id, stream, source, destination, rows_are, removes)
  select $4, $5, $6, $7, $8, $9, $10 from holder
  on conflict (dag_id, task_id, stream, destination) do update
     set source = excluded.source, rows_are = excluded.rows_are, removes = excluded.removes, updated_at = clock_timestamp()
  returning sync_id
), attempt as (
  insert into sync_attempt (attempt_id, sync_id) select $3, sync_id from stream on conflict do nothing
), told as (
  update sync_reset r set attempt_id = $3, taken_at = coalesce(r.taken_at, clock_timestamp())
    from stream s
   where r.sync_id = s.sync_id and r.done_at is null and r.withdrawn_at is null
     -- Held, if it was not begun: another stream has come to the table since it was asked for, and would not bring its rows back.
     and not (r.taken_at is null and r.rows = 'remove' and $10 = 'table'
              and exists (select from sync_stream o where o.destination = $8 and o.stream <> $6))
  returning r.reset_id, r.rows, r.requested_by
)
select s.sync_id as "syncId", t.reset_id as "resetId", t.rows, t.requested_by as by from stream s left join told t on true`,
};

/**
 * openSync    who: worker, when a sync begins. Locks the instance in key share, then the stream, then its open wish: from here on
 * that is not withdrawn. Null = the lease is lost.
 */
export async function openSync(db: Queryable, holder: SyncHolder, opening: SyncOpening): Promise<SyncOpened | null> {
  const { rows } = await db.query<{ syncId: number; resetId: string | null; rows: 'keep' | 'remove'; by: string }>(STATEMENT, [
    holder.taskInstanceId,
    holder.leaseEpoch,
    holder.attemptId,
    holder.dagId,
    holder.taskId,
    opening.stream,
    opening.source,
    opening.destination,
    opening.resets?.rowsAre ?? null,
    opening.resets?.removes ?? null,
  ]);
  const [row] = rows;
  if (row === undefined) return null;
  const { syncId, resetId, rows: policy, by } = row;
  return { syncId, reset: resetId === null ? null : { resetId, rows: policy, by } };
}
