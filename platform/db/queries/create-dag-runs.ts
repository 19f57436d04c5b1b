import type { DagRunType } from '#core/ids.ts';
import type { Queryable } from '../client.ts';

export interface NewDagRun {
  /** UUIDv7 by the caller. */
  readonly dagRunId: string;
  readonly dagId: string;
  readonly runId: string;
  readonly runType: DagRunType;
  readonly logicalDate: Date | null;
  readonly dataIntervalStart: Date | null;
  readonly dataIntervalEnd: Date | null;
  readonly runAfter: Date;
  /** As given by whoever triggered the run; the DAG's defaults are put under it. */
  readonly conf: Readonly<Record<string, unknown>>;
  readonly triggeredBy: 'cli' | 'operator' | 'rest_api' | 'ui' | 'test' | 'timetable' | 'asset' | 'backfill';
  readonly triggeringUser: string | null;
  readonly note: string | null;
  /** The backfill that makes the run, and the run's place in it. */
  readonly backfill?: { readonly backfillId: number; readonly ordinal: number };
  /** The partition the run is for, and when that begins, if its key says so. */
  readonly partition?: { readonly key: string; readonly date: Date | null };
}

const STATEMENT = {
  name: 'create_dag_runs',
  text: `
with asked as (
  select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::timestamptz[], $7::timestamptz[], $8::timestamptz[],
                       $9::text[], $10::text[], $11::text[], $12::text[], $13::bigint[], $14::int[],
                       $15::text[], $16::timestamptz[])
    as a(dag_run_id, dag_id, run_id, run_type, logical_date, interval_start, interval_end, run_after, conf, triggered_by, triggering_user, note,
         backfill_id, backfill_ordinal, partition_key, partition_date)
), created as (
  insert into dag_run (dag_run_id, dag_id, run_id, run_type, state, version_id, shard, logical_date, data_interval_start, data_interval_end,
                       run_after, conf, params, triggered_by, triggering_user, note, backfill_id, backfill_ordinal, partition_key, partition_date)
  select a.dag_run_id, a.dag_id, a.run_id, a.run_type, 'queued', d.version_id, d.shard, a.logical_date, a.interval_start, a.interval_end,
         a.run_after, a.conf::jsonb, coalesce(v.spec -> 'paramsDefaults', '{}') || a.conf::jsonb, a.triggered_by, a.triggering_user, a.note,
         a.backfill_id, a.backfill_ordinal, a.partition_key, a.partition_date
    from asked a join dag d on d.dag_id = a.dag_id join dag_version v on v.version_id = d.version_id
   where not d.is_stale and coalesce(v.spec -> 'allowedRunTypes' ? a.run_type, true)
  on conflict do nothing
  returning dag_run_id, dag_id, version_id, queued_at, logical_date, run_after
), instances as (
  insert into task_instance (task_instance_id, dag_run_id, task_id, operator, queue, pool, pool_slots, priority_weight, max_tries)
  select new_id(), c.dag_run_id, t ->> 'taskId', t ->> 'operator', t ->> 'queue', t ->> 'pool', (t ->> 'poolSlots')::int,
         (t ->> 'priorityWeight')::int, (t ->> 'retries')::int
    from created c join dag_version v on v.version_id = c.version_id cross join lateral jsonb_array_elements(v.spec -> 'tasks') as t
), deadlines as (
  insert into deadline (dag_run_id, slot, name, due_at, callbacks)
  select c.dag_run_id, e.place - 1, e.d ->> 'name', f.reference + (e.d ->> 'withinMs')::float8 * interval '1 millisecond',
         array(select jsonb_array_elements_text(e.d -> 'callbacks'))
    from created c join dag_version v on v.version_id = c.version_id
   cross join lateral jsonb_array_elements(v.spec -> 'deadlines') with ordinality as e(d, place)
   cross join lateral (select case e.d -> 'reference' ->> 'kind'
     when 'queued_at' then c.queued_at
     when 'logical_date' then coalesce(c.logical_date, c.run_after)
     when 'fixed' then (e.d -> 'reference' ->> 'at')::timestamptz
     when 'average_runtime' then c.queued_at + (
       select case when count(*) >= (e.d -> 'reference' ->> 'minRuns')::int then avg(p.ended_at - p.started_at) end
         from (select r.started_at, r.ended_at from dag_run r
                where r.dag_id = c.dag_id and r.ended_at is not null and r.started_at is not null
                order by r.run_after desc, r.dag_run_id desc limit (e.d -> 'reference' ->> 'maxRuns')::int) p) end) as f(reference)
   where f.reference is not null
)
select dag_run_id as "dagRunId" from created`,
};

/**
 * createDagRuns    who: scheduler (its time came), API and CLI (trigger). Locks nothing that exists.
 * Inserts runs with all their task instances in `none` and their deadlines, in one statement: a run without instances
 * is never seen. A deadline by the average runtime is left out while too few runs have ended.
 * A run missing from the answer was not created: its run id or its logical date exists already for this DAG, or
 * the DAG is unknown or stale, or does not allow runs of this type. Calling again with the same ids is harmless.
 */
export async function createDagRuns(db: Queryable, runs: readonly NewDagRun[]): Promise<ReadonlySet<string>> {
  const result = await db.query<{ dagRunId: string }>(STATEMENT, [
    runs.map((run) => run.dagRunId),
    runs.map((run) => run.dagId),
    runs.map((run) => run.runId),
    runs.map((run) => run.runType),
    runs.map((run) => run.logicalDate),
    runs.map((run) => run.dataIntervalStart),
    runs.map((run) => run.dataIntervalEnd),
    runs.map((run) => run.runAfter),
    runs.map((run) => JSON.stringify(run.conf)),
    runs.map((run) => run.triggeredBy),
    runs.map((run) => run.triggeringUser),
    runs.map((run) => run.note),
    runs.map((run) => run.backfill?.backfillId ?? null),
    runs.map((run) => run.backfill?.ordinal ?? null),
    runs.map((run) => run.partition?.key ?? null),
    runs.map((run) => run.partition?.date ?? null),
  ]);
  return new Set(result.rows.map((row) => row.dagRunId));
}
