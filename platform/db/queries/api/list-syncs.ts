import type { Queryable } from '../../client.ts';

const STATEMENT = {
  name: 'list_syncs',
  text: `
select distinct on (r.dag_id, ti.task_id, ti.map_index, x.value ->> 'stream')
       x.value ->> 'stream' as stream, r.dag_id, ti.task_id, ti.map_index, r.run_id, x.created_at as at,
       trunc((x.value -> 'rows')::numeric)::float8 as rows, trunc((x.value -> 'pages')::numeric)::float8 as pages,
       case when jsonb_typeof(x.value -> 'removed') = 'number' then (x.value -> 'removed')::float8 end as removed, x.value -> 'state' as state,
       sum(trunc((x.value -> 'rows')::numeric)) over same ::float8 as rows_of_all, count(*) over same as runs
  from dag_run r
  join task_instance ti on ti.dag_run_id = r.dag_run_id
  join xcom x on x.task_instance_id = ti.task_instance_id and x.key = 'return_value'
 where r.run_after > clock_timestamp() - $1 * interval '1 day' and ($2::text is null or r.dag_id = $2)
   and jsonb_typeof(x.value) = 'object' and x.value ?& array['stream', 'rows', 'pages', 'state']
   and jsonb_typeof(x.value -> 'stream') = 'string' and jsonb_typeof(x.value -> 'rows') = 'number' and jsonb_typeof(x.value -> 'pages') = 'number'
window same as (partition by r.dag_id, ti.task_id, ti.map_index, x.value ->> 'stream')
 order by r.dag_id, ti.task_id, ti.map_index, x.value ->> 'stream', x.created_at desc
 limit 1000`,
};

/** What the tasks made with `sync(…)` returned last. */
export interface SyncRow {
  readonly stream: string;
  readonly dag_id: string;
  readonly task_id: string;
  readonly map_index: number;
  readonly run_id: string;
  readonly at: Date;
  readonly rows: number;
  readonly pages: number;
  /** Null = it does not look for what was deleted. */
  readonly removed: number | null;
  /** Where the next run goes on; null = there was nothing yet. */
  readonly state: unknown;
  /** Of all runs that were looked at. */
  readonly rows_of_all: number;
  readonly runs: number;
}

/** listSyncs    who: CLI. Reads only: all results of runs of the last `days`. Zero rows: no task returned what a sync returns. */
export async function listSyncs(
  db: Queryable,
  look: { readonly days: number; readonly dagId: string | null },
): Promise<readonly SyncRow[]> {
  return (await db.query<SyncRow>(STATEMENT, [look.days, look.dagId])).rows;
}
