import type { Queryable } from '../../client.ts';

/** Airflow's view of the queue: one row for each DAG and asset that has events waiting. */
export interface QueuedEventRow {
  readonly dag_id: string;
  readonly asset_id: number;
  readonly created_at: Date;
  readonly events: number;
}

export interface QueuedFilter {
  readonly dagId: string | null;
  readonly assetId: number | null;
  readonly before: Date | null;
}

const WHERE = `q.dag_run_id is null and e.event_id = q.event_id
   and ($1::text is null or q.dag_id = $1) and ($2::bigint is null or e.asset_id = $2) and ($3::timestamptz is null or q.queued_at < $3)`;

const LIST = {
  name: 'list_queued_events',
  text: `
select q.dag_id, e.asset_id, min(q.queued_at) as created_at, count(*)::int as events
  from asset_dag_event q, asset_event e where ${WHERE} group by q.dag_id, e.asset_id order by q.dag_id, e.asset_id`,
};

/** listQueuedEvents    who: API, pages. Reads only. */
export async function listQueuedEvents(db: Queryable, { dagId, assetId, before }: QueuedFilter): Promise<readonly QueuedEventRow[]> {
  return (await db.query<QueuedEventRow>(LIST, [dagId, assetId, before])).rows;
}

const DELETE = {
  name: 'delete_queued_events',
  text: `delete from asset_dag_event q using asset_event e where ${WHERE} returning q.dag_id`,
};

/** deleteQueuedEvents    who: API, for a person. Locks the rows. Returns how many events wait no more; 0 = none did. */
export async function deleteQueuedEvents(db: Queryable, { dagId, assetId, before }: QueuedFilter): Promise<number> {
  return (await db.query(DELETE, [dagId, assetId, before])).rowCount;
}
