import type { ReprocessBehavior } from '#core/backfill.ts';
import type { ScheduleSpec } from '#core/dag-spec.ts';
import type { Queryable } from '../../client.ts';

const LIST_OPEN = {
  name: 'list_open_backfills',
  text: `
select b.backfill_id as "backfillId", b.dag_id as "dagId"
  from backfill b
 where b.shard = any($1::smallint[]) and b.completed_at is null and not b.is_paused
   and exists (select from backfill_dag_run p where p.backfill_id = b.backfill_id and p.handled_at is null)
 order by b.backfill_id`,
};

/** listOpenBackfills    who: scheduler, once a second. Reads only. Those that may still have runs to make. */
export async function listOpenBackfills(
  db: Queryable,
  shards: readonly number[],
): Promise<readonly { readonly backfillId: number; readonly dagId: string }[]> {
  return (await db.query<{ backfillId: number; dagId: string }>(LIST_OPEN, [shards])).rows;
}

export interface OpenBackfill {
  readonly backfillId: number;
  readonly dagId: string;
  readonly conf: Readonly<Record<string, unknown>>;
  readonly reprocess: ReprocessBehavior;
  readonly maxActiveRuns: number;
  readonly runOnLatestVersion: boolean;
  readonly triggeringUser: string | null;
  readonly taskCount: number;
  readonly schedule: ScheduleSpec;
  readonly unfinishedRuns: number;
}

const LOCK_OPEN = {
  name: 'lock_open_backfill',
  text: `
select b.backfill_id as "backfillId", b.dag_id as "dagId", b.conf, b.reprocess_behavior as "reprocess", b.max_active_runs as "maxActiveRuns",
       b.run_on_latest_version as "runOnLatestVersion",
       b.triggering_user as "triggeringUser", jsonb_array_length(v.spec -> 'tasks') as "taskCount", v.spec -> 'schedule' as schedule,
       (select count(*)::int from dag_run r where r.backfill_id = b.backfill_id and r.state in ('queued', 'running')) as "unfinishedRuns"
  from backfill b join dag d on d.dag_id = b.dag_id join dag_version v on v.version_id = d.version_id
 where b.backfill_id = $1 and b.completed_at is null and not b.is_paused and not d.is_stale
   for update of b skip locked for share of d`,
};

/**
 * lockOpenBackfill    who: scheduler, in the transaction that makes its next runs. Locks the backfill, and the DAG
 * against becoming stale meanwhile. Null = it is paused or completed, its DAG is gone, or somebody else is at it.
 */
export async function lockOpenBackfill(db: Queryable, backfillId: number): Promise<OpenBackfill | null> {
  return (await db.query<OpenBackfill>(LOCK_OPEN, [backfillId])).rows[0] ?? null;
}

export interface OpenStep {
  readonly ordinal: number;
  readonly logicalDate: Date;
  readonly intervalStart: Date;
  readonly intervalEnd: Date;
  readonly action: 'create' | 'reprocess' | 'skip';
  readonly reason: string | null;
}

const LIST_STEPS = {
  name: 'list_open_backfill_steps',
  text: `
select ordinal, logical_date as "logicalDate", interval_start as "intervalStart", interval_end as "intervalEnd", action, reason
  from backfill_dag_run where backfill_id = $1 and handled_at is null order by ordinal limit $2`,
};

/** listOpenSteps    who: scheduler, with the backfill locked. Reads only. Zero rows: every date is handled. */
export async function listOpenSteps(db: Queryable, backfillId: number, limit: number): Promise<readonly OpenStep[]> {
  return (await db.query<OpenStep>(LIST_STEPS, [backfillId, limit])).rows;
}

const SETTLE_STEPS = {
  name: 'settle_backfill_steps',
  text: `
update backfill_dag_run p set handled_at = clock_timestamp(), action = s.action, reason = s.reason
  from unnest($2::int[], $3::text[], $4::text[]) as s(ordinal, action, reason)
 where p.backfill_id = $1 and p.ordinal = s.ordinal`,
};

export interface SettledStep {
  readonly ordinal: number;
  readonly action: 'create' | 'reprocess' | 'skip';
  readonly reason: string | null;
}

/** settleSteps    who: scheduler, in the transaction that made the runs. Locks the steps. */
export async function settleSteps(db: Queryable, backfillId: number, steps: readonly SettledStep[]): Promise<void> {
  await db.query(SETTLE_STEPS, [
    backfillId,
    steps.map((step) => step.ordinal),
    steps.map((step) => step.action),
    steps.map((step) => step.reason),
  ]);
}

const COMPLETE = {
  name: 'complete_backfills',
  text: `
update backfill b set completed_at = clock_timestamp(), updated_at = clock_timestamp()
 where b.shard = any($1::smallint[]) and b.completed_at is null
   and not exists (select from backfill_dag_run p where p.backfill_id = b.backfill_id and p.handled_at is null)
   and not exists (select from dag_run r where r.backfill_id = b.backfill_id and r.state in ('queued', 'running'))
returning dag_id as "dagId"`,
};

/** completeBackfills    who: scheduler, once a second. Locks those it completes: every date is handled, every run has ended. */
export async function completeBackfills(db: Queryable, shards: readonly number[]): Promise<readonly string[]> {
  return (await db.query<{ dagId: string }>(COMPLETE, [shards])).rows.map((row) => row.dagId);
}
