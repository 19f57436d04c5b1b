import type { LineageDataset, LineageOutput } from '#core/open-lineage/run-event.ts';
import type { Queryable } from '../../client.ts';

export interface TaskPlace {
  readonly dagId: string;
  readonly runId: string;
  readonly taskId: string;
  readonly mapIndex: number;
}

export interface TaskLineage {
  readonly dagRunId: string;
  readonly taskInstanceId: string;
  readonly logicalDate: Date | null;
  readonly inputs: readonly LineageDataset[];
  readonly outputs: readonly LineageOutput[];
}

const STATEMENT = {
  name: 'find_lineage',
  text: `
with place as (
  select r.dag_run_id, r.dag_id, r.run_id, r.logical_date, i.task_instance_id, i.task_id, i.map_index
    from dag_run r join task_instance i on i.dag_run_id = r.dag_run_id and i.task_id = $3 and i.map_index = $4
   where r.dag_id = $1 and r.run_id = $2
), written as (
  select v.* from place p
    join task_attempt t on t.task_instance_id = p.task_instance_id
    join asset_version v on v.attempt_id = t.attempt_id
   where t.attempt_id = (select n.attempt_id from task_attempt n where n.task_instance_id = p.task_instance_id order by n.lease_epoch desc limit 1)
), declared as (
  select u.kind, a.asset_id, a.name, a.uri
    from place p join dag_asset_use u on u.dag_id = p.dag_id and u.task_id = p.task_id and u.alias is null and u.kind in ('inlet', 'outlet')
    join asset a on a.is_active and (u.asset_name is null or a.name = u.asset_name) and (u.asset_uri is null or a.uri = u.asset_uri)
), sources as (
  select (u ->> 'asset_id')::bigint as asset_id, (u ->> 'version_id')::bigint as version_id from written, jsonb_array_elements(upstream) u
  union
  select asset_id, null from declared where kind = 'inlet' and not exists (select 1 from written)
)
select p.dag_run_id as "dagRunId", p.task_instance_id as "taskInstanceId", p.logical_date as "logicalDate",
       coalesce((select jsonb_agg(jsonb_build_object('name', a.name, 'uri', a.uri, 'columns', v.columns, 'versionId', s.version_id))
          from sources s join asset a on a.asset_id = s.asset_id left join asset_version v on v.version_id = s.version_id), '[]') as inputs,
       coalesce((select jsonb_agg(jsonb_build_object('name', a.name, 'uri', a.uri, 'columns', w.columns, 'versionId', w.version_id,
                                                     'rows', w.row_count, 'bytes', w.bytes, 'columnLineage', w.column_lineage))
          from written w join asset a on a.asset_id = w.asset_id),
         (select jsonb_agg(jsonb_build_object('name', d.name, 'uri', d.uri, 'columns', null, 'versionId', null, 'rows', null, 'bytes', null, 'columnLineage', null))
          from declared d where d.kind = 'outlet'), '[]') as outputs
  from place p`,
};

/** findLineage    who: the sender of OpenLineage's events. Reads only. Null = the run is gone. Before it has written, what it is declared to read and write. */
export async function findLineage(db: Queryable, { dagId, runId, taskId, mapIndex }: TaskPlace): Promise<TaskLineage | null> {
  return (await db.query<TaskLineage>(STATEMENT, [dagId, runId, taskId, mapIndex])).rows[0] ?? null;
}

const RUN = { name: 'find_run_id', text: 'select dag_run_id as "dagRunId" from dag_run where dag_id = $1 and run_id = $2' };

/** findRunId    who: the same, for the event of a DAG run. Reads only. Null = the run is gone. */
export async function findRunId(db: Queryable, dagId: string, runId: string): Promise<string | null> {
  return (await db.query<{ dagRunId: string }>(RUN, [dagId, runId])).rows[0]?.dagRunId ?? null;
}
