import type { RetryKey, RetryRule } from '#core/retries.ts';
import type { Queryable } from '../../client.ts';

export interface RetryFacts extends RetryRule, RetryKey {
  readonly taskInstanceId: string;
  readonly maxTries: number;
}

const STATEMENT = {
  name: 'read_retry_facts',
  text: `
select ti.task_instance_id as "taskInstanceId", ti.try_number as "tryNumber", ti.max_tries as "maxTries",
       r.dag_id as "dagId", ti.task_id as "taskId", r.logical_date as "logicalDate", r.run_id as "runId", ti.map_index as "mapIndex",
       coalesce((t.task ->> 'retryDelayMs')::float8, 0) as "retryDelayMs",
       coalesce((t.task ->> 'retryExponentialBackoff')::float8, 1) as "retryExponentialBackoff",
       (t.task ->> 'maxRetryDelayMs')::float8 as "maxRetryDelayMs"
  from task_instance ti join dag_run r using (dag_run_id) join dag_version v using (version_id)
  left join lateral (select task from jsonb_array_elements(v.spec -> 'tasks') as task where task ->> 'taskId' = ti.task_id limit 1) t on true
 where ti.task_instance_id = any($1::uuid[])`,
};

/**
 * readRetryFacts    who: whoever ends a wait with a failure: is there another try, and when? Reads only.
 * An instance missing from the answer is deleted.
 */
export async function readRetryFacts(db: Queryable, ids: readonly string[]): Promise<ReadonlyMap<string, RetryFacts>> {
  const { rows } = await db.query<RetryFacts>(STATEMENT, [ids]);
  return new Map(rows.map((row) => [row.taskInstanceId, row]));
}
