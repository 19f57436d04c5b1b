import type { RetryKey, RetryRule } from '#core/retries.ts';
import type { Queryable } from '../client.ts';

export interface FoundLease extends RetryRule, RetryKey {
  readonly id: string;
  readonly leaseEpoch: number;
}

const STATEMENT = {
  name: 'find_expired_leases',
  text: `
select ti.task_instance_id as id, ti.lease_epoch as "leaseEpoch", ti.try_number as "tryNumber", r.dag_id as "dagId",
       ti.task_id as "taskId", r.logical_date as "logicalDate", r.run_id as "runId", ti.map_index as "mapIndex",
       coalesce((t.task ->> 'retryDelayMs')::float8, 0) as "retryDelayMs",
       coalesce((t.task ->> 'retryExponentialBackoff')::float8, 1) as "retryExponentialBackoff",
       (t.task ->> 'maxRetryDelayMs')::float8 as "maxRetryDelayMs"
  from dag_run r
  join task_instance ti on ti.dag_run_id = r.dag_run_id and ti.state in ('running', 'restarting')
   and ti.lease_expires_at < clock_timestamp() - $2 * interval '1 millisecond'
  join dag_version v on v.version_id = r.version_id
  left join lateral (select task from jsonb_array_elements(v.spec -> 'tasks') as task where task ->> 'taskId' = ti.task_id limit 1) t on true
 where r.state in ('queued', 'running') and r.shard = any($1::smallint[]) and ($3::uuid[] is null or ti.task_instance_id = any($3))
 order by ti.lease_expires_at limit 100`,
};

/**
 * findExpiredLeases    who: scheduler, every second or so, before rescueExpiredLeases. Reads only. `ids`: the instances it
 * believes in flight, so that a look costs what runs, not what there is; null: all.
 * Zero rows = no lease has run out.
 */
export async function findExpiredLeases(
  db: Queryable,
  look: { readonly shards: readonly number[]; readonly ids: readonly string[] | null; readonly graceMs: number },
): Promise<readonly FoundLease[]> {
  return (await db.query<FoundLease>(STATEMENT, [look.shards, look.graceMs, look.ids])).rows;
}
