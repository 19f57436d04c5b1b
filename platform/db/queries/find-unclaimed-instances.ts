/**
 * findUnclaimedInstances
 *   who:   worker, when it is idle and has heard nothing for a while (its doorbell may be dead)
 *   locks: nothing
 *   zero rows: nothing waits for this worker
 *
 * Goes by unfinished runs (task_instance has no index on state), so it is for rare use.
 */
import { SPEC_VERSION } from '#core/dag-spec.ts';
import type { Queryable } from '../client.ts';

export interface UnclaimedInstance {
  readonly taskInstanceId: string;
  readonly tryNumber: number;
  readonly leaseEpoch: number;
  readonly queue: string;
}

const STATEMENT = {
  name: 'find_unclaimed_instances',
  text: `
select ti.task_instance_id as "taskInstanceId", ti.try_number as "tryNumber", ti.lease_epoch as "leaseEpoch", ti.queue
  from dag_run r join task_instance ti on ti.dag_run_id = r.dag_run_id join dag_version v on v.version_id = r.version_id
 where r.state in ('queued', 'running') and v.spec_version <= $4 and ti.state = 'queued' and ti.queue = any($1::text[])
   and ti.queued_at < clock_timestamp() - $2 * interval '1 millisecond'
 order by ti.priority_weight desc, ti.queued_at limit $3`,
};

export async function findUnclaimedInstances(
  db: Queryable,
  search: { readonly queues: readonly string[]; readonly olderThanMs: number; readonly limit: number },
): Promise<readonly UnclaimedInstance[]> {
  return (await db.query<UnclaimedInstance>(STATEMENT, [search.queues, search.olderThanMs, search.limit, SPEC_VERSION])).rows;
}
