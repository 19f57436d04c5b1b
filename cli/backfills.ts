/** What the backfill commands share: finding one, printing one, telling the scheduler. */
import { AppError } from '#core/errors.ts';
import type { Queryable } from '#platform/db/client.ts';
import type { BackfillRow } from '#platform/db/queries/backfill/backfill-row.ts';
import { findBackfill } from '#platform/db/queries/backfill/list-backfills.ts';
import type { CliDeps } from './environment.ts';
import type { Row } from './output.ts';

/** Throws NOT_FOUND. */
export async function requireBackfill(db: Queryable, backfillId: number): Promise<BackfillRow> {
  const backfill = await findBackfill(db, backfillId);
  if (backfill !== null) return backfill;
  throw new AppError('NOT_FOUND', `There is no backfill ${backfillId}. See: windlass backfill list`);
}

export async function ringBackfill(deps: CliDeps, dagId: string): Promise<void> {
  const bell = await deps.broker();
  bell.ring('runs_changed', { dagIds: [dagId] });
  bell.ring('ui_events', { topics: ['dags', `dag:${dagId}`] });
}

export type BackfillState = 'running' | 'paused' | 'completed' | 'cancelled';

function stateOf(row: BackfillRow): BackfillState {
  if (row.cancelled_at !== null) return 'cancelled';
  if (row.completed_at !== null) return 'completed';
  return row.is_paused ? 'paused' : 'running';
}

export function backfillLine(row: BackfillRow): Row {
  return {
    id: row.backfill_id,
    dag_id: row.dag_id,
    state: stateOf(row),
    from_date: row.from_date,
    to_date: row.to_date,
    runs: row.dates - row.skipped,
    success: row.succeeded,
    failed: row.failed,
    running: row.running,
    max_active_runs: row.max_active_runs,
    reprocess_behavior: row.reprocess_behavior,
    run_backwards: row.run_backwards,
    dag_run_conf: row.conf,
    created_at: row.created_at,
    completed_at: row.completed_at,
  };
}
