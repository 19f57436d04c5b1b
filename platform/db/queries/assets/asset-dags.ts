import type { AssetScheduleSpec } from '#core/assets/asset-spec.ts';
import type { QueuedEvent } from '#core/assets/plan-asset-runs.ts';
import type { Queryable } from '../../client.ts';

const WAITING = {
  name: 'list_dags_with_asset_events',
  text: `
select q.dag_id as "dagId",
       concat_ws('/', count(*), max(q.event_id), d.version_id,
                 (select count(*) from dag_run r where r.dag_id = q.dag_id and r.state in ('queued', 'running') and r.run_type = 'asset_triggered')) as signature
  from asset_dag_event q join dag d on d.dag_id = q.dag_id
 where q.dag_run_id is null and d.shard = any($1::smallint[]) and not d.is_paused and not d.is_stale
 group by q.dag_id, d.version_id`,
};

export interface DagWithEvents {
  readonly dagId: string;
  /** Changes with everything that could make a run due now that was not before. */
  readonly signature: string;
}

/** listDagsWithAssetEvents    who: scheduler, for its shards: when rung, and every second. Reads only. */
export async function listDagsWithAssetEvents(db: Queryable, shards: readonly number[]): Promise<readonly DagWithEvents[]> {
  return (await db.query<DagWithEvents>(WAITING, [shards])).rows;
}

export interface AssetDag {
  readonly dagId: string;
  readonly schedule: AssetScheduleSpec | null;
  readonly maxActiveRuns: number;
  readonly unfinishedRuns: number;
}

const LOCK = {
  name: 'lock_asset_dag',
  text: `
select d.dag_id as "dagId", v.spec -> 'assetSchedule' as schedule, (v.spec ->> 'maxActiveRuns')::int as "maxActiveRuns",
       (select count(*)::int from dag_run r where r.dag_id = d.dag_id and r.state in ('queued', 'running') and r.run_type = 'asset_triggered') as "unfinishedRuns"
  from dag d join dag_version v on v.version_id = d.version_id
 where d.dag_id = $1 and not d.is_paused and not d.is_stale
   for no key update of d`,
};

/** lockAssetDag    who: scheduler, before it makes runs of assets. Locks the DAG row: two schedulers plan one after the other. Null = paused, stale or gone. */
export async function lockAssetDag(tx: Queryable, dagId: string): Promise<AssetDag | null> {
  return (await tx.query<AssetDag>(LOCK, [dagId])).rows[0] ?? null;
}

const EVENTS = {
  name: 'list_waiting_asset_events',
  text: `
select q.event_id as "eventId", a.name, a.uri, q.partition_key as "partitionKey",
       array(select l.name from asset_alias_asset aa join asset_alias l using (alias_id) where aa.asset_id = a.asset_id) as aliases
  from (select w.event_id, e.asset_id, e.partition_key, row_number() over (partition by e.asset_id order by w.event_id) as place
          from asset_dag_event w join asset_event e on e.event_id = w.event_id
         where w.dag_id = $1 and w.dag_run_id is null) q
  join asset a on a.asset_id = q.asset_id
 where q.place <= $2
 order by q.event_id`,
};

/**
 * listWaitingAssetEvents    who: scheduler, under the DAG's lock. Reads only; oldest first, at most so many of each asset:
 * one that is updated without end must not hide the others.
 */
export async function listWaitingAssetEvents(db: Queryable, dagId: string, maxPerAsset: number): Promise<readonly QueuedEvent[]> {
  return (await db.query<QueuedEvent>(EVENTS, [dagId, maxPerAsset])).rows;
}

const CONSUME = {
  name: 'consume_asset_events',
  text: `
update asset_dag_event q set dag_run_id = c.dag_run_id
  from unnest($2::bigint[], $3::uuid[]) as c(event_id, dag_run_id)
 where q.dag_id = $1 and q.event_id = c.event_id and q.dag_run_id is null`,
};

const DISCARD = {
  name: 'discard_asset_events',
  text: 'delete from asset_dag_event where dag_id = $1 and event_id = any($2::bigint[]) and dag_run_id is null',
};

/**
 * consumeAssetEvents    who: scheduler, in the transaction that creates the runs. Locks the queue rows.
 * Gives each event to its run for ever; `discard` are those that fit no run of the schedule. Fewer rows than asked for mean
 * that somebody took them out meanwhile: harmless, the run is created without them.
 */
export async function consumeAssetEvents(
  tx: Queryable,
  dagId: string,
  consumed: readonly { readonly eventId: number; readonly dagRunId: string }[],
  discard: readonly number[],
): Promise<void> {
  if (consumed.length > 0) await tx.query(CONSUME, [dagId, consumed.map((one) => one.eventId), consumed.map((one) => one.dagRunId)]);
  if (discard.length > 0) await tx.query(DISCARD, [dagId, discard]);
}
