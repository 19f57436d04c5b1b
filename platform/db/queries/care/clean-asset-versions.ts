/**
 * cleanAssetVersions    who: the schedulers, now and then, and `windlass db clean`, batch after batch. Locks the rows of its batch, and
 * skips those somebody else has locked. Deletes versions that the retention of their own asset no longer keeps: those beyond its last
 * so many and older than it says, and never the newest. 0 = none is left.
 */
import type { Queryable } from '../../client.ts';

const ROWS_MAX = 5_000;

const BEYOND = `
  from asset_version x join asset a on a.asset_id = x.asset_id and (a.keep_versions is not null or a.keep_ms is not null)
 where exists (select 1 from asset_version n where n.asset_id = x.asset_id and n.version_id > x.version_id)
   and (a.keep_ms is null or x.at < clock_timestamp() - a.keep_ms * interval '1 millisecond')
   and (a.keep_versions is null or (select count(*) from (select 1 from asset_version n where n.asset_id = x.asset_id and n.version_id > x.version_id
                                                            limit a.keep_versions) newer) = a.keep_versions)`;

const CLEAN = {
  name: 'clean_asset_versions',
  text: `
delete from asset_version v using (select x.version_id ${BEYOND} order by x.version_id limit ${ROWS_MAX} for update of x skip locked) old
 where v.version_id = old.version_id`,
};

const COUNT = { name: 'count_asset_versions_beyond', text: `select count(*)::int as rows ${BEYOND}` };

export async function cleanAssetVersions(db: Queryable): Promise<number> {
  return (await db.query(CLEAN)).rowCount;
}

/** How many `cleanAssetVersions` would delete in all. */
export async function countAssetVersionsBeyond(db: Queryable): Promise<number> {
  return (await db.query<{ rows: number }>(COUNT)).rows[0]?.rows ?? 0;
}
