import type { InstanceRow, RunRow } from '#core/scheduling/run-model.ts';
import type { DagRunState } from '#core/states.ts';
import type { Queryable } from '../client.ts';

export interface LoadedRun {
  readonly row: RunRow;
  readonly versionId: string;
  readonly instances: readonly InstanceRow[];
  readonly mapLengths: ReadonlyMap<string, number>;
}

interface RunRecord {
  readonly dagRunId: string;
  readonly dagId: string;
  readonly runId: string;
  readonly runType: string;
  readonly shard: number;
  readonly state: DagRunState;
  readonly versionId: string;
  readonly runAfter: Date;
  readonly logicalDate: Date | null;
  readonly intervalEnd: Date | null;
  readonly startedAt: Date | null;
  readonly params: unknown;
  readonly revision: number;
  readonly stopReason: string | null;
  readonly reason: string | null;
  readonly backfillId: number | null;
  readonly backfillOrdinal: number;
  readonly backfillMaxActiveRuns: number;
  readonly backfillIsPaused: boolean;
}

const RUNS = {
  name: 'load_unfinished_runs',
  text: `
select r.dag_run_id as "dagRunId", r.dag_id as "dagId", r.run_id as "runId", r.run_type as "runType", r.shard, r.state,
       r.version_id as "versionId", r.run_after as "runAfter", r.logical_date as "logicalDate", r.data_interval_end as "intervalEnd", r.started_at as "startedAt", r.params, r.revision,
       r.stop_reason as "stopReason", r.reason,
       b.backfill_id as "backfillId", r.backfill_ordinal as "backfillOrdinal", b.max_active_runs as "backfillMaxActiveRuns",
       (b.is_paused and b.completed_at is null) as "backfillIsPaused"
  from dag_run r left join backfill b on b.backfill_id = r.backfill_id
 where r.state in ('queued', 'running') and r.shard = any($1::smallint[]) and ($2::text[] is null or r.dag_id = any($2))
   and ($3::uuid[] is null or r.dag_run_id = any($3))
 order by r.run_after, r.dag_run_id`,
};

/** The columns of an instance that scheduling needs; shared by every statement that feeds the models. */
export const INSTANCE_COLUMNS = `
  task_instance_id as "id", task_id as "taskId", map_index as "mapIndex", state, try_number as "tryNumber", lease_epoch as "leaseEpoch",
  pool, pool_slots as "poolSlots", queue, priority_weight as "priorityWeight", followed, reason, resumed is not null as "isResumed",
  (extract(epoch from next_try_at) * 1000)::float8 as "nextTryAtMs", (extract(epoch from queued_at) * 1000)::float8 as "queuedAtMs",
  (extract(epoch from scheduled_at) * 1000)::float8 as "readySinceMs"`;

const INSTANCES = {
  name: 'load_unfinished_runs_instances',
  text: `
select dag_run_id as "dagRunId", ${INSTANCE_COLUMNS},
       case when state = 'failed' then ended_at < coalesce((select r.started_at from dag_run r where r.dag_run_id = ti.dag_run_id), 'infinity')
            else false end as "failedBefore"
  from task_instance ti where dag_run_id = any($1::uuid[])`,
};

const LENGTHS = {
  name: 'load_unfinished_runs_lengths',
  text: `select dag_run_id as "dagRunId", scope_id as "scopeId", length from task_map where dag_run_id = any($1::uuid[])`,
};

/**
 * loadUnfinishedRuns    who: scheduler, for shards it took over or DAGs whose runs changed. Reads only.
 * A run missing from the answer is finished or deleted: drop its model.
 */
export async function loadUnfinishedRuns(
  db: Queryable,
  shards: readonly number[],
  dagIds: readonly string[] | null,
  dagRunIds: readonly string[] | null = null,
): Promise<readonly LoadedRun[]> {
  const runs = (await db.query<RunRecord>(RUNS, [shards, dagIds, dagRunIds])).rows;
  if (runs.length === 0) return [];
  const ids = runs.map((run) => run.dagRunId);
  const instances = await db.query<InstanceRow & { dagRunId: string }>(INSTANCES, [ids]);
  // After the instances: a list whose producer is seen to have succeeded must not be missing.
  const lengths = await db.query<{ dagRunId: string; scopeId: string; length: number }>(LENGTHS, [ids]);
  const byRun = new Map<string, { instances: InstanceRow[]; lengths: Map<string, number> }>(
    ids.map((id) => [id, { instances: [], lengths: new Map() }]),
  );
  for (const { dagRunId, ...instance } of instances.rows) byRun.get(dagRunId)?.instances.push(instance);
  for (const length of lengths.rows) byRun.get(length.dagRunId)?.lengths.set(length.scopeId, length.length);
  return runs.map((run) => ({
    row: {
      dagRunId: run.dagRunId,
      dagId: run.dagId,
      runId: run.runId,
      runType: run.runType,
      shard: run.shard,
      state: run.state,
      runAfterMs: run.runAfter.getTime(),
      logicalDateMs: run.logicalDate?.getTime() ?? null,
      intervalEndMs: run.intervalEnd?.getTime() ?? null,
      startedAtMs: run.startedAt?.getTime() ?? null,
      params: run.params,
      revision: run.revision,
      stopReason: run.stopReason,
      reason: run.reason,
      backfill:
        run.backfillId === null
          ? null
          : {
              backfillId: run.backfillId,
              ordinal: run.backfillOrdinal,
              maxActiveRuns: run.backfillMaxActiveRuns,
              isPaused: run.backfillIsPaused,
            },
    },
    versionId: run.versionId,
    instances: byRun.get(run.dagRunId)?.instances ?? [],
    mapLengths: byRun.get(run.dagRunId)?.lengths ?? new Map(),
  }));
}
