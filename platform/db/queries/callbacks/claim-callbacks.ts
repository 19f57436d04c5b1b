import { CALLBACK_LIMITS, type CallbackKind, type CallbackReason } from '#core/callbacks.ts';
import type { ErrorReport } from '#core/task-protocol.ts';
import type { Queryable } from '../../client.ts';

export interface ClaimedCallback {
  readonly callbackId: string;
  /** 1 = the first; later writes carry it as the fence. */
  readonly tries: number;
  readonly kind: CallbackKind;
  readonly slot: number;
  readonly position: number;
  readonly name: string;
  readonly reason: CallbackReason;
  readonly message: string | null;
  readonly error: ErrorReport | null;
  readonly createdAt: Date;
  readonly deadlineName: string | null;
  readonly deadlineDueAt: Date | null;
  readonly request: { readonly subject: string; readonly body: string | null; readonly options: readonly string[] } | null;
  readonly dagId: string;
  readonly runId: string;
  readonly dagRunId: string;
  readonly runType: string;
  readonly logicalDate: Date | null;
  readonly dataIntervalStart: Date | null;
  readonly dataIntervalEnd: Date | null;
  readonly runAfter: Date;
  readonly conf: unknown;
  readonly versionId: string;
  readonly bundleHash: string;
  /** Null = about the whole run. */
  readonly taskInstanceId: string | null;
  readonly taskId: string | null;
  readonly mapIndex: number;
  readonly tryNumber: number;
  readonly maxTries: number;
}

const STATEMENT = {
  name: 'claim_callbacks',
  text: `
with due as (
  select callback_id, state, tries from callback_request
   where state in ('pending', 'running') and next_try_at <= clock_timestamp() and (queue is null or queue = any($3::text[]))
   order by next_try_at, position limit $4
   for update skip locked
), given_up as (
  update callback_request c
     set state = 'failed', lease_owner = null, ended_at = clock_timestamp(),
         failure = jsonb_build_object('name', 'WorkerLost', 'stack', '', 'message',
           'worker ' || c.lease_owner || ' was lost while it made the call, ' || c.tries || ' times in all; it is not made again')
    from due d where c.callback_id = d.callback_id and d.state = 'running' and d.tries >= ${CALLBACK_LIMITS.triesMax}
), claimed as (
  update callback_request c
     set state = 'running', tries = c.tries + 1, lease_owner = $1, next_try_at = clock_timestamp() + $2 * interval '1 millisecond',
         started_at = clock_timestamp()
    from due d where c.callback_id = d.callback_id and not (d.state = 'running' and d.tries >= ${CALLBACK_LIMITS.triesMax})
  returning c.*
)
select c.callback_id as "callbackId", c.tries, c.kind, c.slot, c.position, c.name, c.reason, c.message, c.error, c.created_at as "createdAt",
       dl.name as "deadlineName", dl.due_at as "deadlineDueAt", r.dag_id as "dagId", r.run_id as "runId", r.dag_run_id as "dagRunId",
       r.run_type as "runType", r.logical_date as "logicalDate", r.data_interval_start as "dataIntervalStart",
       r.data_interval_end as "dataIntervalEnd", r.run_after as "runAfter", r.conf, r.version_id as "versionId", v.bundle_hash as "bundleHash",
       c.task_instance_id as "taskInstanceId", ti.task_id as "taskId", coalesce(ti.map_index, -1) as "mapIndex", c.try_number as "tryNumber",
       coalesce(ti.max_tries, 0) as "maxTries",
       case when c.kind = 'on_request' then (
         select jsonb_build_object('subject', q.subject, 'body', q.body, 'options', to_jsonb(q.options)) from approval_request q
          where q.task_instance_id = c.task_instance_id order by q.lease_epoch desc limit 1) end as request
  from claimed c
  join dag_run r on r.dag_run_id = c.dag_run_id
  join dag_version v on v.version_id = r.version_id
  left join task_instance ti on ti.task_instance_id = c.task_instance_id
  left join deadline dl on dl.deadline_id = c.deadline_id
 order by c.created_at, c.position`,
};

/**
 * claimCallbacks    who: worker, when it hears of one and every few seconds. Locks the claimed rows (skip locked).
 * Takes calls that are due: new ones, those whose wait after a failure is over, those whose worker was lost. One that
 * was lost too often is given up here. Zero rows = nothing is due for these queues, or others have it.
 */
export async function claimCallbacks(
  db: Queryable,
  claim: { readonly workerId: string; readonly leaseTtlMs: number; readonly queues: readonly string[]; readonly limit: number },
): Promise<readonly ClaimedCallback[]> {
  return (await db.query<ClaimedCallback>(STATEMENT, [claim.workerId, claim.leaseTtlMs, claim.queues, claim.limit])).rows;
}
