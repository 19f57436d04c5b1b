import type { BackfillStep, ReprocessBehavior } from '#core/backfill.ts';
import type { Queryable } from '../../client.ts';

export interface NewBackfill {
  readonly dagId: string;
  readonly from: Date;
  readonly to: Date;
  readonly conf: Readonly<Record<string, unknown>>;
  readonly reprocess: ReprocessBehavior;
  readonly maxActiveRuns: number;
  readonly runBackwards: boolean;
  readonly runOnLatestVersion: boolean;
  readonly triggeredBy: 'cli' | 'rest_api' | 'ui';
  readonly triggeringUser: string | null;
  /** In the order of running. */
  readonly steps: readonly BackfillStep[];
}

const INSERT_BACKFILL = {
  name: 'insert_backfill',
  text: `
with made as (
  insert into backfill (dag_id, shard, from_date, to_date, conf, reprocess_behavior, max_active_runs, run_backwards, triggered_by, triggering_user, run_on_latest_version)
  select d.dag_id, d.shard, $2::timestamptz, $3::timestamptz, $4::jsonb, $5::text, $6::int, $7::boolean, $8::text, $9::text, $15::boolean from dag d where d.dag_id = $1
  on conflict do nothing
  returning backfill_id
), steps as (
  insert into backfill_dag_run (backfill_id, ordinal, logical_date, interval_start, interval_end, action, reason)
  select m.backfill_id, s.ordinal, s.logical_date, s.interval_start, s.interval_end, s.action, s.reason
    from made m cross join unnest($10::timestamptz[], $11::timestamptz[], $12::timestamptz[], $13::text[], $14::text[])
         with ordinality as s(logical_date, interval_start, interval_end, action, reason, ordinal)
)
select backfill_id as "backfillId" from made`,
};

/**
 * insertBackfill    who: API and CLI. Locks nothing that exists.
 * Writes the backfill with its whole plan. Null = the DAG has an active backfill already, or does not exist.
 */
export async function insertBackfill(db: Queryable, backfill: NewBackfill): Promise<number | null> {
  const { steps } = backfill;
  const result = await db.query<{ backfillId: number }>(INSERT_BACKFILL, [
    backfill.dagId,
    backfill.from,
    backfill.to,
    JSON.stringify(backfill.conf),
    backfill.reprocess,
    backfill.maxActiveRuns,
    backfill.runBackwards,
    backfill.triggeredBy,
    backfill.triggeringUser,
    steps.map((step) => new Date(step.logicalDateMs)),
    steps.map((step) => new Date(step.intervalStartMs)),
    steps.map((step) => new Date(step.intervalEndMs)),
    steps.map((step) => step.action),
    steps.map((step) => step.reason),
    backfill.runOnLatestVersion,
  ]);
  return result.rows[0]?.backfillId ?? null;
}
