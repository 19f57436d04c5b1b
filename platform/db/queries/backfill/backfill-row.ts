/** A backfill with what has come of it, as the API, the pages and the CLI read it. */
import type { ReprocessBehavior } from '#core/backfill.ts';

export interface BackfillRow {
  readonly backfill_id: number;
  readonly dag_id: string;
  readonly from_date: Date;
  readonly to_date: Date;
  readonly conf: unknown;
  readonly is_paused: boolean;
  readonly reprocess_behavior: ReprocessBehavior;
  readonly max_active_runs: number;
  readonly run_backwards: boolean;
  readonly triggering_user: string | null;
  readonly created_at: Date;
  readonly updated_at: Date;
  readonly completed_at: Date | null;
  readonly cancelled_at: Date | null;
  /** Dates of the plan, and those that are skipped because their run is there. */
  readonly dates: number;
  readonly skipped: number;
  /** Runs of the backfill by state; dates whose run is not made yet are in none of them. */
  readonly queued: number;
  readonly running: number;
  readonly succeeded: number;
  readonly failed: number;
}

export const BACKFILL_COLUMNS = `b.backfill_id, b.dag_id, b.from_date, b.to_date, b.conf, b.is_paused, b.reprocess_behavior, b.max_active_runs,
  b.run_backwards, b.triggering_user, b.created_at, b.updated_at, b.completed_at, b.cancelled_at, plan.dates, plan.skipped, runs.queued,
  runs.running, runs.succeeded, runs.failed`;

export const BACKFILL_FROM = `backfill b
  cross join lateral (
    select count(*)::int as dates, (count(*) filter (where action = 'skip'))::int as skipped from backfill_dag_run p where p.backfill_id = b.backfill_id
  ) plan
  cross join lateral (
    select (count(*) filter (where state = 'queued'))::int as queued, (count(*) filter (where state = 'running'))::int as running,
           (count(*) filter (where state = 'success'))::int as succeeded, (count(*) filter (where state = 'failed'))::int as failed
      from dag_run r where r.backfill_id = b.backfill_id
  ) runs`;
