import type { AssetUse } from '#core/assets/asset-spec.ts';
import type { AssetColumn } from '#core/assets/asset-version.ts';
import type { Queryable } from '../../client.ts';

const STATEMENT = {
  name: 'find_last_columns',
  text: `
select v.columns
  from asset a join asset_version v on v.asset_id = a.asset_id and v.columns is not null
 where a.is_active and ($1::text is null or a.name = $1) and ($2::text is null or a.uri = $2)
 order by v.version_id desc limit 1`,
};

/**
 * findLastColumns    who: worker, for a task that is about to publish. Reads only. Null = no version whose columns are known; so it is
 * for an alias, which stands for ever other assets.
 */
export async function findLastColumns(db: Queryable, use: AssetUse): Promise<readonly AssetColumn[] | null> {
  if ('alias' in use) return null;
  const { name = null, uri = null } = use.asset;
  return (await db.query<{ columns: readonly AssetColumn[] }>(STATEMENT, [name, uri])).rows[0]?.columns ?? null;
}
