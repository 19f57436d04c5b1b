import type { Queryable } from '../../client.ts';

export interface AssetNeighbour {
  readonly asset_id: number;
  readonly name: string;
  readonly side: 'upstream' | 'downstream';
}

const STATEMENT = {
  name: 'list_asset_neighbours',
  text: `
with recent as (select upstream from asset_version where asset_id = $1 order by version_id desc limit 50),
near as (
  select (u ->> 'asset_id')::bigint as asset_id, 'upstream' as side from recent, jsonb_array_elements(upstream) u
  union
  select v.asset_id, 'downstream' from asset_version v
   where v.upstream <> '[]' and v.upstream @> jsonb_build_array(jsonb_build_object('asset_id', $1::bigint))
)
select a.asset_id, a.name, n.side from near n join asset a using (asset_id) order by n.side, a.name limit 100`,
};

/** listNeighbours    who: the page of an asset. Reads only. The assets it was made of lately, and those that were made of it. */
export async function listNeighbours(db: Queryable, assetId: number): Promise<readonly AssetNeighbour[]> {
  return (await db.query<AssetNeighbour>(STATEMENT, [assetId])).rows;
}
