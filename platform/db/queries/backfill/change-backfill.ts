import type { Queryable } from '../../client.ts';

export interface BackfillChange {
  readonly isPaused?: boolean;
  readonly maxActiveRuns?: number;
}

const CHANGE_BACKFILL = {
  name: 'change_backfill',
  text: `
with changed as (
  update backfill set is_paused = coalesce($2::boolean, is_paused), max_active_runs = coalesce($3::int, max_active_runs), updated_at = clock_timestamp()
   where backfill_id = $1 and completed_at is null
  returning backfill_id
), told as (
  update dag_run r set revision = r.revision + 1 from changed c where r.backfill_id = c.backfill_id and r.state in ('queued', 'running')
)
select backfill_id from changed`,
};

/**
 * changeBackfill    who: API and CLI, to pause, unpause or widen an active backfill. Locks it and its unfinished runs,
 * whose revision tells the scheduler. False = it is completed, or there is none.
 */
export async function changeBackfill(db: Queryable, backfillId: number, change: BackfillChange): Promise<boolean> {
  return (await db.query(CHANGE_BACKFILL, [backfillId, change.isPaused ?? null, change.maxActiveRuns ?? null])).rowCount === 1;
}

export const CANCEL_REASON = 'backfill cancelled';

const CANCEL_BACKFILL = {
  name: 'cancel_backfill',
  text: `
with cancelled as (
  update backfill set completed_at = clock_timestamp(), cancelled_at = clock_timestamp(), updated_at = clock_timestamp()
   where backfill_id = $1 and completed_at is null
  returning backfill_id
), ended as (
  update dag_run r set state = 'failed', reason = $2, ended_at = clock_timestamp(), revision = r.revision + 1
    from cancelled c where r.backfill_id = c.backfill_id and r.state = 'queued'
)
select backfill_id from cancelled`,
};

/**
 * cancelBackfill    who: API and CLI. Locks the backfill and its queued runs.
 * No further run is made, queued ones fail, running ones finish. False = it is completed, or there is none.
 */
export async function cancelBackfill(db: Queryable, backfillId: number): Promise<boolean> {
  return (await db.query(CANCEL_BACKFILL, [backfillId, CANCEL_REASON])).rowCount === 1;
}
