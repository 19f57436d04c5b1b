import type { Queryable } from '../../client.ts';
import { QUEUE_EVENTS } from './queue-events.ts';

const SAVE = {
  name: 'save_object_look',
  text: `
with saved as (
  update asset_watch
     set mark = $3, has_looked = true, note = null, owner = null, leased_until = null,
         looked_at = clock_timestamp(), next_look_at = clock_timestamp() + $5 * interval '1 millisecond'
   where asset_id = $1 and owner = $2
  returning asset_id
), seen as (
  select * from unnest($6::text[], $7::text[], $8::text[]) with ordinality as o(item, version, extra, at)
), gone as (
  delete from asset_watch_item i using saved where i.asset_id = saved.asset_id and not exists (select from seen where seen.item = i.item)
), changed as (
  insert into asset_watch_item as i (asset_id, item, version) select saved.asset_id, seen.item, seen.version from saved, seen
  on conflict (asset_id, item) do update set version = excluded.version where i.version <> excluded.version
  returning item
), emitted as (
  insert into asset_event (asset_id, extra)
  select saved.asset_id, seen.extra::jsonb from saved, seen where $4 and seen.item in (select item from changed) order by seen.at
  returning event_id, asset_id
), ${QUEUE_EVENTS}
select array(select dag_id from queued) as "dagIds", (select count(*) from emitted)::int as "events" from saved`,
};

export interface ObjectLook {
  readonly assetId: number;
  readonly owner: string;
  readonly mark: string;
  /** An event is written for each that is new or has another version. */
  readonly areEvents: boolean;
  readonly everyMs: number;
  /** All that there are, oldest first. */
  readonly objects: readonly { readonly uri: string; readonly version: string; readonly extra: Readonly<Record<string, unknown>> }[];
}

/**
 * saveObjectLook    who: triggerer, after a look at a bucket in which something changed. Locks the row, and those of the objects.
 * What is there and the events of what is new are written together. Null = the lease was lost, and nothing of this was written.
 */
export async function saveObjectLook(
  db: Queryable,
  { assetId, owner, mark, areEvents, everyMs, objects }: ObjectLook,
): Promise<{ readonly dagIds: readonly string[]; readonly events: number } | null> {
  const values = [
    assetId,
    owner,
    mark,
    areEvents,
    everyMs,
    objects.map((object) => object.uri),
    objects.map((object) => object.version),
    objects.map((object) => JSON.stringify(object.extra)),
  ];
  return (await db.query<{ dagIds: string[]; events: number }>(SAVE, values)).rows[0] ?? null;
}
