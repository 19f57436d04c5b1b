import type { Waiter } from '#core/waiting/waiter.ts';
import type { Queryable } from '../../client.ts';

export interface TimedOutWaiter {
  readonly taskInstanceId: string;
  readonly leaseEpoch: number;
  readonly ends: Pick<Waiter, 'onFound' | 'onTimeout' | 'softFail' | 'timeoutMs'>;
  readonly bodyState: unknown;
  readonly words: string;
}

const STATEMENT = {
  name: 'find_timed_out_waiters',
  text: `
select w.task_instance_id as "taskInstanceId", w.lease_epoch as "leaseEpoch", w.ends, w.body_state as "bodyState", w.words
  from waiter w join task_instance ti using (task_instance_id) join dag_run r using (dag_run_id)
 where w.timeout_at < clock_timestamp() - $2 * interval '1 millisecond' and r.shard = any($1::smallint[])
 order by w.timeout_at limit 500`,
};

/**
 * findTimedOutWaiters    who: scheduler, every few seconds: no triggerer may be running, and an answer has none. Reads only.
 * `graceMs`: a triggerer ends its own waits on the moment; what is left after that is the scheduler's.
 */
export async function findTimedOutWaiters(db: Queryable, shards: readonly number[], graceMs: number): Promise<readonly TimedOutWaiter[]> {
  return (await db.query<TimedOutWaiter>(STATEMENT, [shards, graceMs])).rows;
}
