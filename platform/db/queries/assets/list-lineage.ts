import type { Queryable } from '../../client.ts';

const RECENT_VERSIONS = 50;

const STATEMENT = {
  name: 'list_lineage_edges',
  text: `
with frontier as (select unnest($1::bigint[]) as asset_id),
recent as (
  select v.* from frontier f cross join lateral (
    select asset_id, upstream, dag_id, task_id from asset_version where asset_id = f.asset_id order by version_id desc limit ${RECENT_VERSIONS}) v
   where $2
)
select distinct (u ->> 'asset_id')::bigint as "upstreamId", r.asset_id as "downstreamId", r.dag_id as "dagId", r.task_id as "taskId"
  from recent r, jsonb_array_elements(r.upstream) u
union
select f.asset_id, v.asset_id, v.dag_id, v.task_id
  from frontier f join asset_version v on v.upstream <> '[]' and v.upstream @> jsonb_build_array(jsonb_build_object('asset_id', f.asset_id))
 where $3
 limit $4`,
};

const NAMES = {
  name: 'name_lineage_assets',
  text: 'select asset_id as "assetId", name, uri, asset_group as "group", is_active as "isActive" from asset where asset_id = any($1)',
};

export interface LineageEdge {
  readonly upstreamId: number;
  readonly downstreamId: number;
  readonly dagId: string;
  readonly taskId: string;
}

export interface LineageAsset {
  readonly assetId: number;
  readonly name: string;
  readonly uri: string;
  readonly group: string;
  readonly isActive: boolean;
  /** Steps from the asset that was asked for: negative = it is made of it, positive = it is made from it. */
  readonly distance: number;
}

export interface Lineage {
  readonly assets: readonly LineageAsset[];
  readonly edges: readonly LineageEdge[];
  /** False: there is more than this. */
  readonly isWhole: boolean;
}

export const LINEAGE_LIMITS = { depth: 20, assets: 300, edges: 1_000 } as const;
export const LINEAGE_DIRECTIONS = ['both', 'upstream', 'downstream'] as const;
export type LineageDirection = (typeof LINEAGE_DIRECTIONS)[number];

/**
 * listLineage    who: API, pages and CLI. Reads only: one statement a step and side. Upstream is what an asset's last 50 versions were made of.
 * A cycle ends where it began: each asset is there once, at its shortest distance.
 */
export async function listLineage(
  db: Queryable,
  assetId: number,
  { depth, direction }: { readonly depth: number; readonly direction: LineageDirection },
): Promise<Lineage> {
  const distances = new Map([[assetId, 0]]);
  const edges = new Map<string, LineageEdge>();
  let isWhole = true;
  for (const side of ['upstream', 'downstream'] as const) {
    if (direction !== 'both' && direction !== side) continue;
    let frontier = [assetId];
    for (let step = 1; frontier.length > 0; step++) {
      const values = [frontier, side === 'upstream', side === 'downstream', LINEAGE_LIMITS.edges];
      const { rows } = await db.query<LineageEdge>(STATEMENT, values);
      const next = new Set<number>();
      for (const edge of rows) {
        const other = side === 'upstream' ? edge.upstreamId : edge.downstreamId;
        const isNew = !distances.has(other);
        if (isNew && (step > depth || distances.size >= LINEAGE_LIMITS.assets)) {
          isWhole = false;
          continue;
        }
        edges.set(JSON.stringify([edge.upstreamId, edge.downstreamId, edge.dagId, edge.taskId]), edge);
        if (!isNew) continue;
        distances.set(other, side === 'upstream' ? -step : step);
        next.add(other);
      }
      if (rows.length === LINEAGE_LIMITS.edges) isWhole = false;
      frontier = [...next];
    }
  }
  const names = (await db.query<Omit<LineageAsset, 'distance'>>(NAMES, [[...distances.keys()]])).rows;
  const assets = names
    .map((asset) => ({ ...asset, distance: distances.get(asset.assetId) as number }))
    .toSorted((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1));
  const known = new Set(assets.map((asset) => asset.assetId));
  return { assets, edges: [...edges.values()].filter((edge) => known.has(edge.upstreamId) && known.has(edge.downstreamId)), isWhole };
}
