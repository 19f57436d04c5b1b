import type { Queryable } from '../../client.ts';

/** Where a pass over the ended runs is, as Postgres writes it: a Date would lose the microseconds. */
export interface SummaryPlace {
  readonly endedAt: string;
  readonly dagRunId: string;
}

/** Before all of them. */
export const FIRST_PLACE: SummaryPlace = { endedAt: '-infinity', dagRunId: '00000000-0000-0000-0000-000000000000' };

const STATEMENT = {
  name: 'summarize_runs',
  text: `
with looked as materialized (
  select r.dag_run_id, r.ended_at, r.revision
    from dag_run r
   where r.ended_at is not null and r.ended_at >= $1::timestamptz and (r.ended_at, r.dag_run_id) > ($1::timestamptz, $2::uuid)
     and r.ended_at < clock_timestamp() - $4 * interval '1 millisecond'
   order by r.ended_at, r.dag_run_id limit $3
), counted as (
  select l.*, c.*
    from looked l
   cross join lateral (
     select count(*) filter (where ti.state = 'success') as success, count(*) filter (where ti.state = 'failed') as failed,
            count(*) filter (where ti.state = 'skipped') as skipped, count(*) filter (where ti.state = 'upstream_failed') as upstream_failed,
            count(*) filter (where ti.state = 'removed') as removed, count(*) as instances,
            count(*) - count(ti.started_at) as unstarted, count(*) - count(ti.ended_at) as unended,
            min(ti.started_at) as first_started_at, max(ti.started_at) as last_started_at,
            min(ti.ended_at) as first_ended_at, max(ti.ended_at) as last_ended_at,
            min(ti.map_index) as first_map_index, max(ti.map_index) as last_map_index
       from task_instance ti where ti.dag_run_id = l.dag_run_id) c
   where not exists (select from dag_run_summary s where s.dag_run_id = l.dag_run_id and s.ended_at = l.ended_at and s.revision = l.revision)
), written as (
  insert into dag_run_summary as old
  select dag_run_id, ended_at, revision, success, failed, skipped, upstream_failed, removed, unstarted, unended,
         first_started_at, last_started_at, first_ended_at, last_ended_at, first_map_index, last_map_index
    from counted where success + failed + skipped + upstream_failed + removed = instances
  on conflict (dag_run_id) do update
     set (ended_at, revision, success, failed, skipped, upstream_failed, removed, unstarted, unended,
          first_started_at, last_started_at, first_ended_at, last_ended_at, first_map_index, last_map_index)
       = (excluded.ended_at, excluded.revision, excluded.success, excluded.failed, excluded.skipped, excluded.upstream_failed, excluded.removed,
          excluded.unstarted, excluded.unended, excluded.first_started_at, excluded.last_started_at, excluded.first_ended_at,
          excluded.last_ended_at, excluded.first_map_index, excluded.last_map_index)
  returning 1
)
select count(*)::int as looked, (select count(*)::int from written) as written,
       (select ended_at::text from looked order by ended_at desc, dag_run_id desc limit 1) as "endedAt",
       (select dag_run_id from looked order by ended_at desc, dag_run_id desc limit 1) as "dagRunId"
  from looked`,
};

export interface SummaryBatch {
  readonly written: number;
  /** Null = no ended run is left behind `after`. */
  readonly next: SummaryPlace | null;
}

/**
 * summarizeRuns    who: scheduler, batch after batch, in the order of the ends. Locks the summaries it writes, and no run or instance.
 * Counts the instances of runs that ended after this place, and longer ago than `settledMs`. Run and instances are read as of one instant, so
 * that a summary fits exactly the revision it names. Several schedulers may write the same; one that reads an older revision
 * writes what nobody believes. A run is left out while one of its instances has not ended. Zero runs = none is left.
 */
export async function summarizeRuns(
  db: Queryable,
  batch: { readonly after: SummaryPlace; readonly runsMax: number; readonly settledMs: number },
): Promise<SummaryBatch> {
  const { rows } = await db.query<{ looked: number; written: number; endedAt: string; dagRunId: string }>(STATEMENT, [
    batch.after.endedAt,
    batch.after.dagRunId,
    batch.runsMax,
    batch.settledMs,
  ]);
  const row = rows[0];
  if (row === undefined || row.looked === 0) return { written: 0, next: null };
  return { written: row.written, next: { endedAt: row.endedAt, dagRunId: row.dagRunId } };
}
