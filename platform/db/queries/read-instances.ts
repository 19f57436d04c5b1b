import type { InstanceRow } from '#core/scheduling/run-model.ts';
import { arrayLiteral } from '../array-literal.ts';
import type { Queryable } from '../client.ts';
import { INSTANCE_COLUMNS } from './load-unfinished-runs.ts';

export interface ReadInstance extends InstanceRow {
  readonly dagRunId: string;
  /** Lengths of mapped lists that this instance's result made known. */
  readonly mapLengths: Readonly<Record<string, number>> | null;
}

const STATEMENT = {
  name: 'read_instances',
  text: `
select dag_run_id as "dagRunId", ${INSTANCE_COLUMNS},
       case when state = 'success' then (select jsonb_object_agg(m.scope_id, m.length) from task_map m where m.dag_run_id = ti.dag_run_id) end as "mapLengths"
  from task_instance ti
 where task_instance_id = any($1::uuid[])`,
};

/**
 * readInstances    who: scheduler, when a doorbell or its sweep says that these may have changed. Reads only.
 * An id missing from the answer was deleted with its run.
 */
export async function readInstances(db: Queryable, ids: readonly string[]): Promise<readonly ReadInstance[]> {
  return (await db.query<ReadInstance>(STATEMENT, [arrayLiteral(ids)])).rows;
}

const MOVED = {
  name: 'find_moved_instances',
  text: `
select ti.task_instance_id as id
  from unnest($1::uuid[], $2::text[], $3::bigint[]) as known(task_instance_id, state, lease_epoch)
  join task_instance ti on ti.task_instance_id = known.task_instance_id
 where ti.state <> known.state or ti.lease_epoch <> known.lease_epoch`,
};

/**
 * findMovedInstances    who: scheduler's sweep: of the instances it believes in flight, which have moved on?
 * Reads only. Repairs every doorbell that was lost.
 */
export async function findMovedInstances(
  db: Queryable,
  known: readonly { readonly id: string; readonly state: string; readonly leaseEpoch: number }[],
): Promise<readonly string[]> {
  const result = await db.query<{ id: string }>(MOVED, [
    known.map((one) => one.id),
    known.map((one) => one.state),
    known.map((one) => one.leaseEpoch),
  ]);
  return result.rows.map((row) => row.id);
}
