/**
 * dropOldSamples    who: the schedulers, now and then, and `windlass db clean`, batch after batch. Locks the rows of its batch, and skips those
 * somebody else has locked. Takes the first rows from versions whose asset did not ask for those of each, but for its newest, and from all of
 * an asset that wants none. 0 = none is left.
 */
import type { Queryable } from '../../client.ts';

const ROWS_MAX = 5_000;
const NEWEST_KEPT = 20;

const STATEMENT = {
  name: 'drop_old_samples',
  text: `
update asset_version v set sample = null
  from (select x.version_id
          from asset_version x join asset a on a.asset_id = x.asset_id and (a.preview_rows is null or a.preview_rows = 0)
         where x.sample is not null
           and (a.preview_rows = 0
                or (select count(*) from (select 1 from asset_version n where n.asset_id = x.asset_id and n.version_id > x.version_id and n.sample is not null
                                           limit ${NEWEST_KEPT}) newer) = ${NEWEST_KEPT})
         order by x.version_id limit ${ROWS_MAX} for update of x skip locked) old
 where v.version_id = old.version_id`,
};

export async function dropOldSamples(db: Queryable): Promise<number> {
  return (await db.query(STATEMENT)).rowCount;
}
