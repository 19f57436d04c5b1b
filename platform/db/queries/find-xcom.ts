/**
 * findXcom
 *   who:   worker, when a body pulls a value that a task pushed or returned
 *   locks: nothing; reads by the unique keys of dag_run and task_instance, then the primary key of xcom
 *   zero rows: no such run or task, or it pushed nothing under this key
 *
 * A mapped task gives one row an instance, in map order. With prior dates: of the newest run that has the value.
 */
import type { XcomPlace } from '#core/task-protocol.ts';
import type { Queryable } from '../client.ts';

export interface FoundXcom {
  readonly mapIndex: number;
  readonly value: unknown;
  /** It lies in the XCom backend; null = it is `value`. */
  readonly ref: string | null;
}

const STATEMENT = {
  name: 'find_xcom',
  text: `
with own as (
  select dag_run_id, dag_id, run_id, logical_date from dag_run where dag_run_id = $1
), place as (
  select r.dag_run_id
    from own join dag_run r on r.dag_id = coalesce($4, own.dag_id)
   where case when $6 then r.dag_run_id = own.dag_run_id or r.logical_date <= own.logical_date
              else r.run_id = coalesce($5, own.run_id) end
     and exists (select 1 from task_instance ti join xcom x on x.task_instance_id = ti.task_instance_id and x.key = $3
                  where ti.dag_run_id = r.dag_run_id and ti.task_id = $2)
   order by r.logical_date desc nulls first, r.dag_run_id desc limit 1
)
select ti.map_index as "mapIndex", x.value, x.ref
  from place p
  join task_instance ti on ti.dag_run_id = p.dag_run_id and ti.task_id = $2 and ($7::int[] is null or ti.map_index = any($7::int[]))
  join xcom x on x.task_instance_id = ti.task_instance_id and x.key = $3
 order by ti.map_index`,
};

export async function findXcom(
  db: Queryable,
  place: XcomPlace & { readonly dagRunId: string; readonly taskId: string; readonly key: string },
): Promise<readonly FoundXcom[]> {
  const { dagRunId, taskId, key, dagId, runId, includePriorDates, mapIndexes } = place;
  const values = [dagRunId, taskId, key, dagId ?? null, runId ?? null, includePriorDates ?? false, mapIndexes ?? null];
  return (await db.query<FoundXcom>(STATEMENT, values)).rows;
}
