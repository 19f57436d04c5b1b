/**
 * findXcom
 *   who:   worker, when a body pulls a value that another task of its run pushed
 *   locks: nothing; reads by the unique key of task_instance, then the primary key of xcom
 *   zero rows: no such task in the run, or it pushed nothing under this key
 *
 * A mapped task gives one row an instance, in map order.
 */
import type { Queryable } from '../client.ts';

export interface FoundXcom {
  readonly mapIndex: number;
  readonly value: unknown;
}

const STATEMENT = {
  name: 'find_xcom',
  text: `
select ti.map_index as "mapIndex", x.value
  from task_instance ti join xcom x on x.task_instance_id = ti.task_instance_id and x.key = $3
 where ti.dag_run_id = $1 and ti.task_id = $2
 order by ti.map_index`,
};

export async function findXcom(
  db: Queryable,
  place: { readonly dagRunId: string; readonly taskId: string; readonly key: string },
): Promise<readonly FoundXcom[]> {
  return (await db.query<FoundXcom>(STATEMENT, [place.dagRunId, place.taskId, place.key])).rows;
}
