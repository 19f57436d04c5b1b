import { HEARD_KINDS, type HeardSpec } from '#core/assets/watch.ts';
import type { Queryable } from '../../client.ts';
import { QUEUE_EVENTS } from './queue-events.ts';

const HOLD = {
  name: 'hold_heard_watches',
  text: `
with mine as (
  select d.asset_id from asset_watch d join asset b using (asset_id)
   where b.is_active and b.watch ->> 'kind' = any($4)
     and (d.owner = $1 or d.leased_until is null or d.leased_until < clock_timestamp())
   order by d.owner is distinct from $1, d.asset_id limit $3 for update of d skip locked
)
update asset_watch w set owner = $1, leased_until = clock_timestamp() + $2 * interval '1 millisecond'
  from asset a, mine
 where a.asset_id = w.asset_id and w.asset_id = mine.asset_id
returning a.asset_id as "assetId", a.name, a.watch, w.mark, w.has_looked as "hasLooked", w.looked_at as "heardAt"`,
};

export interface HeldWatch {
  readonly assetId: number;
  readonly name: string;
  readonly watch: HeardSpec;
  readonly mark: string | null;
  readonly hasLooked: boolean;
  /** When it was surely listened to last. */
  readonly heardAt: Date | null;
}

/**
 * holdHeardWatches    who: triggerer, every second or so. Locks the rows it takes or keeps; another triggerer passes them by.
 * Returns the watched assets that are its own now, whether it had them or nobody did. One that it had and that is missing is lost.
 */
export async function holdHeardWatches(
  db: Queryable,
  hold: { readonly owner: string; readonly leaseMs: number; readonly max: number },
): Promise<readonly HeldWatch[]> {
  return (await db.query<HeldWatch>(HOLD, [hold.owner, hold.leaseMs, hold.max, HEARD_KINDS])).rows;
}

const SAVE = {
  name: 'save_heard',
  text: `
with saved as (
  update asset_watch set mark = coalesce($3, mark), has_looked = true, note = $4, looked_at = clock_timestamp()
   where asset_id = $1 and owner = $2
  returning asset_id, looked_at
), heard as (
  select * from unnest($5::text[], $6::text[]) with ordinality as h(item, extra, at)
), fresh as (
  insert into asset_watch_item (asset_id, item, version) select s.asset_id, h.item, '' from saved s, heard h where h.item is not null
  on conflict do nothing
  returning item
), emitted as (
  insert into asset_event (asset_id, extra)
  select s.asset_id, h.extra::jsonb from saved s, heard h where h.item is null or h.item in (select item from fresh) order by h.at
  returning event_id, asset_id
), ${QUEUE_EVENTS}
select array(select dag_id from queued) as "dagIds", (select count(*) from emitted)::int as "events", looked_at as "heardAt" from saved`,
};

export interface Heard {
  readonly assetId: number;
  readonly owner: string;
  /** Null = as it was. */
  readonly mark: string | null;
  readonly note: string | null;
  /** One event each; one with an item that was told before is none. */
  readonly events: readonly { readonly item: string | null; readonly extra: Readonly<Record<string, unknown>> }[];
}

/**
 * saveHeard    who: triggerer, when something was heard, and to say that it listens. Locks the row, and what is heard.
 * Events, what they were made of and the mark are written together. Null = somebody else has the watch now: nothing was written.
 */
export async function saveHeard(
  db: Queryable,
  { assetId, owner, mark, note, events }: Heard,
): Promise<{ readonly dagIds: readonly string[]; readonly events: number; readonly heardAt: Date } | null> {
  const values = [assetId, owner, mark, note, events.map(({ item }) => item), events.map(({ extra }) => JSON.stringify(extra))];
  return (await db.query<{ dagIds: string[]; events: number; heardAt: Date }>(SAVE, values)).rows[0] ?? null;
}

const NOTE = {
  name: 'note_heard_watch',
  text: 'update asset_watch set note = $3 where asset_id = $1 and owner = $2',
};

/** noteHeardWatch    who: triggerer, when it cannot listen. Zero rows: the watch is somebody else's. */
export async function noteHeardWatch(
  db: Queryable,
  { assetId, owner, note }: { readonly assetId: number; readonly owner: string; readonly note: string },
): Promise<void> {
  await db.query(NOTE, [assetId, owner, note]);
}

const FORGET = {
  name: 'forget_watch_items',
  text: 'delete from asset_watch_item where asset_id = $1 and item = any($2)',
};

/** forgetWatchItems    who: triggerer, when entries are acknowledged: they never come again. Zero rows: it was done before. */
export async function forgetWatchItems(db: Queryable, assetId: number, items: readonly string[]): Promise<void> {
  await db.query(FORGET, [assetId, items]);
}

const RELEASE = {
  name: 'release_heard_watches',
  text: 'update asset_watch set owner = null, leased_until = null where owner = $1',
};

/** releaseWatches    who: a triggerer that ends, so that another one goes on at once. Zero rows: it had none. */
export async function releaseWatches(db: Queryable, owner: string): Promise<void> {
  await db.query(RELEASE, [owner]);
}
