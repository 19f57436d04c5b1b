import { SPEC_VERSION } from '#core/dag-spec.ts';
import type { Resumed } from '#core/waiting/waiter.ts';
import type { Queryable } from '../client.ts';
import { inLockOrder } from '../lock-order.ts';

export interface Claim {
  readonly taskInstanceId: string;
  /** As rung: a row that has moved on since is not claimed. */
  readonly tryNumber: number;
  readonly leaseEpoch: number;
  /** The caller's new id (UUIDv7) for the attempt this claim begins. */
  readonly attemptId: string;
}

export interface Claimed {
  readonly attemptId: string;
  readonly taskInstanceId: string;
  /** The epoch of the lease just taken: every later write carries it. */
  readonly leaseEpoch: number;
  readonly tryNumber: number;
  readonly maxTries: number;
  /** How often a user cleared the instance: 0 = never. */
  readonly clearNumber: number;
  readonly dagId: string;
  readonly runId: string;
  readonly dagRunId: string;
  readonly shard: number;
  readonly runType: string;
  readonly taskId: string;
  readonly mapIndex: number;
  readonly logicalDate: Date | null;
  readonly dataIntervalStart: Date | null;
  readonly dataIntervalEnd: Date | null;
  readonly runAfter: Date;
  readonly conf: unknown;
  /** The DAG's defaults with conf over them: what the body sees. */
  readonly params: unknown;
  readonly versionId: string;
  readonly bundleHash: string;
  readonly firstStartedAt: Date | null;
  /** What the body deferred for has come. */
  readonly resumed: Resumed | null;
  /** The partition the run is for. */
  readonly partitionKey: string | null;
}

export interface ClaimBatch {
  readonly workerId: string;
  readonly hostname: string;
  readonly leaseTtlMs: number;
  readonly claims: readonly Claim[];
}

const STATEMENT = {
  name: 'claim_task_instances',
  text: `
with asked as (
  -- One instant for a row: a second look at the clock would differ, and a new try would not be known by its two equal starts.
  select a.*, clock_timestamp() as at from unnest($4::uuid[], $5::int[], $6::bigint[], $7::uuid[]) as a(task_instance_id, try_number, lease_epoch, attempt_id)
), claimed as (
  update task_instance ti
     set state = 'running', lease_epoch = ti.lease_epoch + 1, lease_owner = $1,
         lease_expires_at = clock_timestamp() + $3 * interval '1 millisecond', last_heartbeat_at = clock_timestamp(),
         started_at = a.at, ended_at = null, next_try_at = null, reason = null, progress = null,
         first_started_at = coalesce(ti.first_started_at, a.at)
    from asked a
   where ti.task_instance_id = a.task_instance_id and ti.state = 'queued'
     and ti.try_number = a.try_number and ti.lease_epoch = a.lease_epoch
     -- A DAG version written by a newer Windlass is left to newer workers.
     and exists (select 1 from dag_run r join dag_version v on v.version_id = r.version_id where r.dag_run_id = ti.dag_run_id and v.spec_version <= $8)
  returning ti.task_instance_id, ti.dag_run_id, ti.task_id, ti.map_index, ti.try_number, ti.max_tries, ti.clear_number,
            ti.lease_epoch, ti.first_started_at, ti.started_at, ti.resumed, a.attempt_id
), stale as (
  -- A new try starts without the XComs of the one before; one that goes on after a wait keeps them.
  delete from xcom x using claimed c
   where c.try_number > 1 and c.first_started_at = c.started_at and x.task_instance_id = c.task_instance_id
), history as (
  insert into task_instance_event (task_instance_id, event, from_state, to_state, try_number, lease_epoch, actor)
  select task_instance_id, 'start', 'queued', 'running', try_number, lease_epoch, 'worker:' || $1 from claimed
), attempts as (
  insert into task_attempt (attempt_id, task_instance_id, try_number, clear_number, lease_epoch, worker_id, hostname)
  select attempt_id, task_instance_id, try_number, clear_number, lease_epoch, $1, $2 from claimed
)
select c.attempt_id as "attemptId", c.task_instance_id as "taskInstanceId", c.lease_epoch as "leaseEpoch", c.try_number as "tryNumber",
       c.max_tries as "maxTries", c.clear_number as "clearNumber", r.dag_id as "dagId", r.run_id as "runId", r.dag_run_id as "dagRunId", r.shard, r.run_type as "runType",
       c.task_id as "taskId", c.map_index as "mapIndex", r.logical_date as "logicalDate", r.data_interval_start as "dataIntervalStart",
       r.data_interval_end as "dataIntervalEnd", r.run_after as "runAfter", r.conf, r.params, r.version_id as "versionId",
       v.bundle_hash as "bundleHash", case when c.first_started_at < c.started_at then c.first_started_at end as "firstStartedAt", c.resumed, r.partition_key as "partitionKey"
  from claimed c
  join dag_run r on r.dag_run_id = c.dag_run_id
  join dag_version v on v.version_id = r.version_id`,
};

/**
 * claimTaskInstances    who: worker, before anything else with a rung instance; batched by group commit.
 * Locks the claimed rows, by id; a second claim of the same row waits and then matches nothing.
 * A claim missing from the answer is stale or a duplicate: forget it, somebody else has it or it was changed.
 */
export async function claimTaskInstances(db: Queryable, batch: ClaimBatch): Promise<readonly Claimed[]> {
  const claims = inLockOrder(batch.claims);
  const result = await db.query<Claimed>(STATEMENT, [
    batch.workerId,
    batch.hostname,
    batch.leaseTtlMs,
    claims.map((claim) => claim.taskInstanceId),
    claims.map((claim) => claim.tryNumber),
    claims.map((claim) => claim.leaseEpoch),
    claims.map((claim) => claim.attemptId),
    SPEC_VERSION,
  ]);
  return result.rows;
}
