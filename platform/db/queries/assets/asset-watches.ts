import { HEARD_KINDS, type LookedSpec } from '#core/assets/watch.ts';
import type { Queryable } from '../../client.ts';
import { QUEUE_EVENTS } from './queue-events.ts';

const ENSURE = {
  name: 'ensure_asset_watches',
  text: `insert into asset_watch (asset_id) select asset_id from asset where is_active and watch is not null on conflict do nothing`,
};

export interface DueWatch {
  readonly assetId: number;
  readonly name: string;
  readonly watch: LookedSpec;
  readonly mark: string | null;
  readonly hasLooked: boolean;
}

const CLAIM = {
  name: 'claim_asset_watches',
  text: `
update asset_watch w set owner = $1, leased_until = clock_timestamp() + $2 * interval '1 millisecond'
  from asset a
 where a.asset_id = w.asset_id
   and w.asset_id in (
         select d.asset_id from asset_watch d join asset b on b.asset_id = d.asset_id
          where b.is_active and b.watch ->> 'kind' <> all($4) and d.next_look_at <= clock_timestamp()
            and (d.leased_until is null or d.leased_until < clock_timestamp() or d.owner = $1
                 or exists (select 1 from service s where s.service_id = d.owner
                              and (s.stopped_at is not null or s.last_heartbeat_at < clock_timestamp() - $5 * interval '1 millisecond')))
          order by d.next_look_at limit $3 for update of d skip locked)
returning a.asset_id as "assetId", a.name, a.watch, w.mark, w.has_looked as "hasLooked"`,
};

/**
 * claimAssetWatches    who: triggerer, every second or so. Locks the rows it takes; another triggerer passes them by.
 * Returns the watched assets that are due for a look; theirs until the lease ends, or until they are gone or were silent for `ttlMs`.
 * Those that are listened to are not among them. A round begins when the one before is over: what is still the owner's own was left
 * behind, and is taken again.
 */
export async function claimAssetWatches(
  db: Queryable,
  claim: { readonly owner: string; readonly leaseMs: number; readonly ttlMs: number; readonly max: number },
): Promise<readonly DueWatch[]> {
  await db.query(ENSURE);
  return (await db.query<DueWatch>(CLAIM, [claim.owner, claim.leaseMs, claim.max, HEARD_KINDS, claim.ttlMs])).rows;
}

export interface Looked {
  readonly assetId: number;
  readonly owner: string;
  readonly mark: string | null;
  /** An event is written with the mark. */
  readonly isEvent: boolean;
  readonly extra: Readonly<Record<string, unknown>>;
  readonly everyMs: number;
  /** Why the look failed; the mark stays then. */
  readonly note: string | null;
}

const SAVE = {
  name: 'save_asset_look',
  text: `
with saved as (
  update asset_watch
     set mark = case when $7::text is null then $3 else mark end, has_looked = has_looked or $7::text is null, note = $7, owner = null, leased_until = null,
         looked_at = clock_timestamp(), next_look_at = clock_timestamp() + $6 * interval '1 millisecond'
   where asset_id = $1 and owner = $2
  returning asset_id
), emitted as (
  insert into asset_event (asset_id, extra) select asset_id, $5::jsonb from saved where $4
  returning event_id, asset_id
), ${QUEUE_EVENTS}
select array(select dag_id from queued) as "dagIds" from saved`,
};

/**
 * saveAssetLook    who: triggerer, after a look. Locks the row.
 * The mark and the event are written together, so that no change is told twice or never. Null = the lease was lost:
 * whoever has it now looks again, and nothing of this was written.
 */
export async function saveAssetLook(db: Queryable, looked: Looked): Promise<readonly string[] | null> {
  const { assetId, owner, mark, isEvent, extra, everyMs, note } = looked;
  const values = [assetId, owner, mark, isEvent, JSON.stringify(extra), everyMs, note];
  return (await db.query<{ dagIds: string[] }>(SAVE, values)).rows[0]?.dagIds ?? null;
}
