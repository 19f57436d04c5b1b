/** GET /ui/api/assets and /ui/api/assets/{id}: the catalogue, and one asset between those who make it and those it runs. */
import { z } from 'zod';
import type { Queryable } from '#platform/db/client.ts';
import type { Filter } from '#platform/db/list-query.ts';
import { listDags } from '#platform/db/queries/api/list-dags.ts';
import { catalogueFilters } from '#platform/db/queries/assets/catalogue-filters.ts';
import { type AssetRow, listAssets } from '#platform/db/queries/assets/list-assets.ts';
import { type AssetNeighbour, listNeighbours } from '#platform/db/queries/assets/list-neighbours.ts';
import { listWaitingOfDags } from '#platform/db/queries/assets/waiting-of-dags.ts';
import { assetPath, requireAsset } from '../api/assets.ts';
import { iso } from '../http/iso.ts';
import { integer } from '../http/list-query-schema.ts';
import { type Route, route, type WebDeps } from '../http/route.ts';
import type { UiAsset, UiAssetCard, UiAssetList } from './asset-types.ts';
import { uiAssetWait } from './asset-wait.ts';

const MAX_ASSETS = 100;

const query = z.object({
  search: z.string().max(250).optional(),
  column: z.string().max(250).optional(),
  tag: z.string().max(250).optional(),
  owner: z.string().max(250).optional(),
  all: z.enum(['true', 'false']).optional(),
  limit: integer.default(50),
  offset: integer.default(0),
});

export function assetPageRoutes(deps: WebDeps): readonly Route[] {
  return [
    route({
      method: 'GET',
      url: '/ui/api/assets',
      permission: 'viewer',
      summary: 'The catalogue of assets.',
      query,
      async handle({ db, query: given }): Promise<UiAssetList> {
        const page = await listAssets(db, {
          filters: filtersOf(given),
          orderBy: [{ field: 'name', descending: false }],
          limit: Math.min(Math.max(1, given.limit), MAX_ASSETS),
          offset: Math.max(0, given.offset),
        });
        return { assets: page.rows.map((row) => uiAssetCard(row, deps.clock.now())), total: page.total };
      },
    }),
    route({
      method: 'GET',
      url: '/ui/api/assets/:asset_id',
      permission: 'viewer',
      summary: 'One asset, with what waits for it.',
      params: assetPath,
      handle: async ({ db, params }): Promise<UiAsset> => readAsset(db, params.asset_id, deps.clock.now()),
    }),
  ];
}

function filtersOf(given: z.infer<typeof query>): readonly Filter[] {
  return [...(given.all === 'true' ? [] : [{ field: 'is_active', operator: 'eq' as const, value: true }]), ...catalogueFilters(given)];
}

function uiAssetCard(row: AssetRow, nowMs: number): UiAssetCard {
  const { freshness_ms: freshnessMs, last_event_at: lastAt } = row;
  return {
    assetId: row.asset_id,
    name: row.name,
    uri: row.uri,
    group: row.asset_group,
    isActive: row.is_active,
    producers: row.producing_tasks.map(({ dag_id, task_id }) => ({ dagId: dag_id, taskId: task_id })),
    scheduledDags: row.scheduled_dags.map((use) => use.dag_id),
    readers: row.consuming_tasks.map(({ dag_id, task_id }) => ({ dagId: dag_id, taskId: task_id })),
    lastEventAt: iso(lastAt),
    freshnessMs,
    isOverdue: freshnessMs !== null && nowMs - (lastAt ?? row.created_at).getTime() > freshnessMs,
    watch: row.watch?.kind ?? null,
    watchNote: row.watch_note,
    description: row.description,
    owner: row.owner,
    tags: row.tags,
    columnCount: row.columns?.length ?? null,
    rowCount: row.row_count,
    bytes: row.bytes,
  };
}

async function readAsset(db: Queryable, assetId: number, nowMs: number): Promise<UiAsset> {
  const row = await requireAsset(db, assetId);
  const card = uiAssetCard(row, nowMs);
  const [dags, waiting] = [
    await listDags(db, {
      filters: [{ field: 'dag_id', operator: 'any', value: card.scheduledDags }],
      orderBy: [],
      limit: MAX_ASSETS,
      offset: 0,
    }),
    await listWaitingOfDags(db, card.scheduledDags),
  ];
  const near = await listNeighbours(db, assetId);
  const on = (side: AssetNeighbour['side']) =>
    near.filter((one) => one.side === side).map((one) => ({ assetId: one.asset_id, name: one.name }));
  return {
    ...card,
    columns: row.columns,
    columnLineage: row.column_lineage,
    sample: row.sample,
    sampleVersionId: row.sample_version_id,
    sampledAt: iso(row.sampled_at),
    keepsRows: row.preview_rows !== 0,
    schemaChange: row.schema_change ?? 'allow',
    keepVersions: row.keep_versions,
    keepMs: row.keep_ms,
    upstream: on('upstream'),
    downstream: on('downstream'),
    extra: row.extra,
    aliases: row.aliases.map((alias) => alias.name),
    watchedAt: iso(row.watched_at),
    createdAt: iso(row.created_at),
    waits: dags.rows.flatMap((dag) => {
      const wait = uiAssetWait(
        dag.head.assetSchedule,
        waiting.filter((one) => one.dagId === dag.dag_id),
      );
      return wait === null ? [] : [{ dagId: dag.dag_id, isPaused: dag.is_paused, wait }];
    }),
  };
}
