import type { AssetEventQuery, AssetEventRecord } from '#core/task-protocol.ts';
import type { Queryable } from '../../client.ts';

interface EventRow {
  readonly id: number;
  readonly name: string;
  readonly uri: string;
  readonly extra: Readonly<Record<string, unknown>>;
  readonly partitionKey: string | null;
  readonly at: Date;
  readonly dagId: string | null;
  readonly runId: string | null;
  readonly taskId: string | null;
  readonly mapIndex: number | null;
}

const COLUMNS = `e.event_id as id, a.name, a.uri, e.extra, e.partition_key as "partitionKey", e.at, e.source_dag_id as "dagId",
       e.source_run_id as "runId", e.source_task_id as "taskId", e.source_map_index as "mapIndex"`;

/** A run of thousands of events tells its tasks of this many, the newest. */
const TRIGGERING_MAX = 1_000;

const TRIGGERING = {
  name: 'list_triggering_events',
  text: `
select * from (
  select ${COLUMNS}
    from asset_dag_event q join asset_event e on e.event_id = q.event_id join asset a on a.asset_id = e.asset_id
   where q.dag_run_id = $1 order by e.event_id desc limit $2) newest
 order by id`,
};

/** listTriggeringEvents    who: worker, for an attempt of a run that assets made. Reads only; oldest first. */
export async function listTriggeringEvents(db: Queryable, dagRunId: string): Promise<readonly AssetEventRecord[]> {
  return (await db.query<EventRow>(TRIGGERING, [dagRunId, TRIGGERING_MAX])).rows.map(recordOf);
}

const OF_ASSET = (order: 'asc' | 'desc') => ({
  name: `list_asset_events_${order}`,
  text: `
select ${COLUMNS}
  from asset_event e join asset a on a.asset_id = e.asset_id
 where e.asset_id in (
         select asset_id from asset where $1::text is null and ($2::text is null or name = $2) and ($3::text is null or uri = $3)
          union all select aa.asset_id from asset_alias l join asset_alias_asset aa using (alias_id) where l.name = $1)
   and ($1::text is null or $1 = any(e.aliases))
   and ($4::timestamptz is null or e.at >= $4) and ($5::timestamptz is null or e.at < $5)
   and ($6::text is null or e.partition_key = $6) and ($7::jsonb is null or e.extra @> $7::jsonb)
 order by e.event_id ${order} limit $8`,
});

const ASCENDING = OF_ASSET('asc');
const DESCENDING = OF_ASSET('desc');

/** listAssetEventsOf    who: worker, for ctx.inletEvents. Reads only. `after` is inclusive, `before` is not. */
export async function listAssetEventsOf(db: Queryable, query: AssetEventQuery): Promise<readonly AssetEventRecord[]> {
  const { of } = query;
  const values = [
    'alias' in of ? of.alias : null,
    'asset' in of ? (of.asset.name ?? null) : null,
    'asset' in of ? (of.asset.uri ?? null) : null,
    query.after ?? null,
    query.before ?? null,
    query.partitionKey ?? null,
    query.extra === undefined ? null : JSON.stringify(query.extra),
    query.limit,
  ];
  return (await db.query<EventRow>(query.ascending ? ASCENDING : DESCENDING, values)).rows.map(recordOf);
}

function recordOf({ dagId, runId, taskId, mapIndex, at, ...event }: EventRow): AssetEventRecord {
  const source = dagId === null || runId === null || taskId === null ? null : { dagId, runId, taskId, mapIndex: mapIndex ?? -1 };
  return { ...event, timestamp: at.toISOString(), source };
}
