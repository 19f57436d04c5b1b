import type { Resumed } from '#core/waiting/waiter.ts';
import { arrayLiteral } from '../array-literal.ts';
import { inLockOrder } from '../lock-order.ts';
import type { Parameters } from '../parameters.ts';

export interface Claim {
  readonly taskInstanceId: string;
  /** As rung: a row that has moved on since is not claimed. */
  readonly tryNumber: number;
  readonly leaseEpoch: number;
  /** The caller's new id (UUIDv7) for the attempt this claim begins. */
  readonly attemptId: string;
  /** A task process is held for it, with this bundle loaded: if its run has that bundle, the body begins with the claim. */
  readonly warm?: { readonly bundleHash: string; readonly pid: number } | null;
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
  /** Since the try began, by the database's clock: 0 = with this claim. */
  readonly tryAgeMs: number;
  /** What the body deferred for has come. */
  readonly resumed: Resumed | null;
  /** The partition the run is for. */
  readonly partitionKey: string | null;
  /** The note that the body begins is written, too: it is to be run in the process that was held for it, or handed back. */
  readonly begun: boolean;
}

/** What is answered of a claim, a row each. */
export const CLAIMED_COLUMNS: readonly (readonly [name: keyof Claimed, type: string, value: string])[] = [
  ['attemptId', 'uuid', 'attempt_id'],
  ['taskInstanceId', 'uuid', 'task_instance_id'],
  ['leaseEpoch', 'bigint', 'lease_epoch'],
  ['tryNumber', 'int', 'try_number'],
  ['maxTries', 'int', 'max_tries'],
  ['clearNumber', 'int', 'clear_number'],
  ['dagId', 'text', 'dag_id'],
  ['runId', 'text', 'run_id'],
  ['dagRunId', 'uuid', 'dag_run_id'],
  ['shard', 'smallint', 'shard'],
  ['runType', 'text', 'run_type'],
  ['taskId', 'text', 'task_id'],
  ['mapIndex', 'int', 'map_index'],
  ['logicalDate', 'timestamptz', 'logical_date'],
  ['dataIntervalStart', 'timestamptz', 'data_interval_start'],
  ['dataIntervalEnd', 'timestamptz', 'data_interval_end'],
  ['runAfter', 'timestamptz', 'run_after'],
  ['conf', 'jsonb', 'conf'],
  ['params', 'jsonb', 'params'],
  ['versionId', 'uuid', 'version_id'],
  ['bundleHash', 'text', 'bundle_hash'],
  ['firstStartedAt', 'timestamptz', 'case when first_started_at < started_at then first_started_at end'],
  [
    'tryAgeMs',
    'float8',
    "case when first_started_at < started_at then date_part('epoch', started_at - first_started_at) * 1000 else 0 end",
  ],
  ['resumed', 'jsonb', 'resumed'],
  ['partitionKey', 'text', 'partition_key'],
  ['begun', 'boolean', 'begun'],
];

/**
 * The steps that claim, of the statement in write-attempts.ts: `queued` -> `running` under a new lease, with its attempt.
 * `warm`: the body of a claim whose run has the bundle that its process has begins with it.
 */
export function claimSteps(claims: readonly Claim[], at: Parameters): readonly string[] {
  const rows = inLockOrder(claims);
  const leaseTtl = `${at.named('leaseTtlMs', 'float8')} * interval '1 millisecond'`;
  const worker = at.named('workerId', 'text');
  const steps = [
    `claim_asked as (
  -- One instant for a row: a second look at the clock would differ, and a new try would not be known by its two equal starts.
  select a.*, clock_timestamp() as at
    from unnest(${at.list('uuid', arrayLiteral(rows.map((claim) => claim.taskInstanceId)))}, ${at.list('int', arrayLiteral(rows.map((claim) => claim.tryNumber)))},
                ${at.list('bigint', arrayLiteral(rows.map((claim) => claim.leaseEpoch)))}, ${at.list('uuid', arrayLiteral(rows.map((claim) => claim.attemptId)))},
                ${at.list('text', arrayLiteral(rows.map((claim) => claim.warm?.bundleHash ?? null)))}, ${at.list('int', arrayLiteral(rows.map((claim) => claim.warm?.pid ?? null)))})
      as a(task_instance_id, try_number, lease_epoch, attempt_id, warm_bundle, warm_pid)
)`,
    `claimed as (
  update task_instance ti
     set state = 'running', lease_epoch = ti.lease_epoch + 1, lease_owner = ${worker},
         lease_expires_at = clock_timestamp() + ${leaseTtl}, last_heartbeat_at = clock_timestamp(),
         started_at = a.at, ended_at = null, next_try_at = null, reason = null, progress = null,
         first_started_at = coalesce(ti.first_started_at, a.at)
    from claim_asked a, dag_run r, dag_version v
   where ti.task_instance_id = a.task_instance_id and ti.state = 'queued'
     and ti.try_number = a.try_number and ti.lease_epoch = a.lease_epoch
     -- A DAG version written by a newer Windlass is left to newer workers.
     and r.dag_run_id = ti.dag_run_id and v.version_id = r.version_id and v.spec_version <= ${at.named('specVersion', 'int')}
  returning ti.task_instance_id, ti.dag_run_id, ti.task_id, ti.map_index, ti.try_number, ti.max_tries, ti.clear_number,
            ti.lease_epoch, ti.first_started_at, ti.started_at, ti.resumed, a.attempt_id, a.warm_pid, r.dag_id, r.run_id, r.shard, r.run_type,
            r.logical_date, r.data_interval_start, r.data_interval_end, r.run_after, r.conf, r.params, r.version_id, r.partition_key, v.bundle_hash,
            coalesce(v.bundle_hash = a.warm_bundle, false) as begun
)`,
    `attempts as (
  insert into task_attempt (attempt_id, task_instance_id, try_number, clear_number, lease_epoch, worker_id, hostname, pid, body_started_at)
  select c.attempt_id, c.task_instance_id, c.try_number, c.clear_number, c.lease_epoch, ${worker}, ${at.named('hostname', 'text')},
         case when c.begun then c.warm_pid end, case when c.begun then clock_timestamp() end
    from claimed c
)`,
  ];
  if (rows.some((claim) => claim.tryNumber > 1))
    steps.push(`stale as (
  -- A new try starts without the XComs of the one before; one that goes on after a wait keeps them.
  delete from xcom x using claimed c
   where c.try_number > 1 and c.first_started_at = c.started_at and x.task_instance_id = c.task_instance_id
)`);
  return steps;
}
