/** /assets: assets, their aliases and events; events made by hand; runs that make an asset. */
import { z } from 'zod';
import { AppError } from '#core/errors.ts';
import type { Queryable } from '#platform/db/client.ts';
import type { ListRequest } from '#platform/db/list-query.ts';
import { catalogueFilters } from '#platform/db/queries/assets/catalogue-filters.ts';
import { emitExternalEvent } from '#platform/db/queries/assets/emit-events.ts';
import { type AssetRow, findAsset, listAliases, listAssets } from '#platform/db/queries/assets/list-assets.ts';
import { listAssetEvents } from '#platform/db/queries/assets/list-events.ts';
import { ParamsCheck } from '#platform/params-check.ts';
import { anyInteger, anyOf, exactly, flag, instantRange, integer, listQuery, pattern } from '../http/list-query-schema.ts';
import { principalOf, type Route, route, type WebDeps } from '../http/route.ts';
import * as assetAnswers from './answers/assets.ts';
import * as runAnswers from './answers/runs.ts';
import { requireDagRun } from './lookups.ts';
import { runPath } from './path-ids.ts';
import { aliasShape, assetEventShape, assetShape } from './shapes/asset.ts';
import { dagRunShape } from './shapes/dag-run.ts';
import { createRun, ringRun, runChoices, triggerableDag } from './trigger.ts';

const EXTRA_MAX_BYTES = 64 * 1024;

const ASSET_FILTERS = {
  name_pattern: pattern('name'),
  uri_pattern: pattern('uri'),
  dag_ids: { ...anyOf('dag_ids'), toFilters: (value: unknown) => [{ field: 'dag_ids', operator: 'has_any' as const, value }] },
  owner: exactly('owner'),
  tags: { ...anyOf('tags'), toFilters: (value: unknown) => [{ field: 'tags', operator: 'has_any' as const, value }] },
  columns: { ...anyOf('columns'), toFilters: (value: unknown) => [{ field: 'columns', operator: 'has_any' as const, value }] },
  search: { schema: z.string().max(250), toFilters: (value: unknown) => catalogueFilters({ search: value as string }) },
  only_active: {
    schema: flag('is_active').schema.default(true),
    toFilters: (value: unknown) => (value ? [{ field: 'is_active', operator: 'eq' as const, value: true }] : []),
  },
};
const ASSET_ORDER = {
  fields: { id: 'id', name: 'name', uri: 'uri', group: 'group', created_at: 'created_at', updated_at: 'updated_at' },
  default: ['id'],
};
const ALIAS_ORDER = { fields: { id: 'id', name: 'name', group: 'group' }, default: ['id'] };

const EVENT_FILTERS = {
  asset_id: anyInteger('asset_id'),
  source_dag_id: exactly('source_dag_id'),
  source_task_id: exactly('source_task_id'),
  source_run_id: exactly('source_run_id'),
  source_map_index: anyInteger('source_map_index'),
  name_pattern: pattern('name'),
  ...instantRange('timestamp'),
};
const EVENT_ORDER = {
  fields: {
    id: 'id',
    timestamp: 'timestamp',
    source_task_id: 'source_task_id',
    source_dag_id: 'source_dag_id',
    source_run_id: 'source_run_id',
    source_map_index: 'source_map_index',
  },
  default: ['timestamp'],
};

export const assetPath = z.object({ asset_id: integer });

const eventBody = z.strictObject({
  asset_id: z.number().int(),
  partition_key: z.string().min(1).max(1_500).nullish(),
  extra: z
    .record(z.string(), z.unknown())
    .default({})
    .refine((extra) => JSON.stringify(extra).length <= EXTRA_MAX_BYTES, `extra may have at most ${EXTRA_MAX_BYTES / 1024} KiB`),
});
const materializeBody = z.strictObject({ ...runChoices, logical_date: runChoices.logical_date.optional() }).nullish();

export function assetRoutes(deps: WebDeps): readonly Route[] {
  const paramsCheck = new ParamsCheck();
  return [
    route({
      method: 'GET',
      url: '/api/v2/assets',
      permission: 'viewer',
      summary: 'List assets, with who makes, reads and waits for them.',
      response: assetAnswers.assets,
      query: listQuery(ASSET_FILTERS, ASSET_ORDER),
      async handle({ db, query }) {
        const page = await listAssets(db, query);
        return { assets: page.rows.map(assetShape), total_entries: page.total };
      },
    }),
    route({
      method: 'GET',
      url: '/api/v2/assets/aliases',
      permission: 'viewer',
      summary: 'List aliases of assets.',
      response: assetAnswers.assetAliases,
      query: listQuery({ name_pattern: pattern('name') }, ALIAS_ORDER),
      async handle({ db, query }) {
        const page = await listAliases(db, query);
        return { asset_aliases: page.rows.map(aliasShape), total_entries: page.total };
      },
    }),
    route({
      method: 'GET',
      url: '/api/v2/assets/aliases/:asset_alias_id',
      permission: 'viewer',
      summary: 'One alias.',
      response: assetAnswers.assetAlias,
      params: z.object({ asset_alias_id: integer }),
      async handle({ db, params }) {
        const request = {
          filters: [{ field: 'id', operator: 'eq' as const, value: params.asset_alias_id }],
          orderBy: [],
          limit: 1,
          offset: 0,
        };
        const row = (await listAliases(db, request)).rows[0];
        if (!row) throw new AppError('NOT_FOUND', `The AssetAlias with id: \`${params.asset_alias_id}\` was not found`);
        return aliasShape(row);
      },
    }),
    route({
      method: 'GET',
      url: '/api/v2/assets/events',
      permission: 'viewer',
      summary: 'List events of assets, with the runs they made.',
      response: assetAnswers.assetEvents,
      query: listQuery(EVENT_FILTERS, EVENT_ORDER),
      handle: ({ db, query }) => eventsPage(db, query),
    }),
    route({
      method: 'POST',
      url: '/api/v2/assets/events',
      permission: 'user',
      audit: 'asset.event',
      summary: 'Say that an asset was updated: DAGs that wait for it run.',
      response: assetAnswers.assetEvent,
      body: eventBody,
      async handle(context) {
        const { db, body, audit, afterCommit } = context;
        const asset = await requireAsset(db, body.asset_id);
        const extra = { ...body.extra, from_rest_api: true };
        const made = await emitExternalEvent(db, { assetId: body.asset_id, extra, partitionKey: body.partition_key ?? null });
        if (made === null)
          throw new AppError(
            'BAD_REQUEST',
            `The asset ${asset.name} is not active: no DAG mentions it, or another one has its name or URI.`,
          );
        audit({ extra: { asset: asset.name, event: made.eventId } });
        afterCommit(() => ringAssetEvents(deps, made.dagIds));
        const filters = [{ field: 'id', operator: 'eq' as const, value: made.eventId }];
        const page = await listAssetEvents(db, { filters, orderBy: [], limit: 1, offset: 0 });
        return page.rows.map(assetEventShape)[0];
      },
    }),
    route({
      method: 'GET',
      url: '/api/v2/assets/:asset_id',
      permission: 'viewer',
      summary: 'One asset.',
      response: assetAnswers.asset,
      params: assetPath,
      handle: async ({ db, params }) => assetShape(await requireAsset(db, params.asset_id)),
    }),
    route({
      method: 'POST',
      url: '/api/v2/assets/:asset_id/materialize',
      permission: 'user',
      audit: 'asset.materialize',
      summary: 'Run the DAG that makes an asset.',
      response: runAnswers.dagRun,
      params: assetPath,
      body: materializeBody,
      async handle(context) {
        const { db, params, body, request, audit, afterCommit } = context;
        const asset = await requireAsset(db, params.asset_id);
        const dag = await triggerableDag(db, producerOf(asset));
        const conf = body?.conf ?? {};
        paramsCheck.check({ key: dag.version_id, schema: dag.head.paramsSchema, params: { ...dag.head.paramsDefaults, ...conf } });
        const runId = await createRun(
          db,
          deps,
          dag,
          { ...body, logical_date: body?.logical_date ?? null },
          {
            runType: 'asset_materialization',
            triggeredBy: request.headers.referer === undefined ? 'rest_api' : 'ui',
            username: principalOf(context).username,
          },
        );
        audit({ dagId: dag.dag_id, runId, extra: { asset: asset.name } });
        afterCommit(() => ringRun(deps, dag.dag_id, runId));
        return dagRunShape(await requireDagRun(db, dag.dag_id, runId));
      },
    }),
    route({
      method: 'GET',
      url: '/api/v2/dags/:dag_id/dagRuns/:dag_run_id/upstreamAssetEvents',
      permission: 'viewer',
      summary: 'The events that made a run.',
      response: assetAnswers.assetEvents,
      params: runPath,
      async handle({ db, params }) {
        const run = await requireDagRun(db, params.dag_id, params.dag_run_id);
        const filters = [{ field: 'dag_run_id', operator: 'has_any' as const, value: [run.dag_run_id] }];
        return eventsPage(db, { filters, orderBy: [{ field: 'timestamp', descending: false }], limit: 1_000, offset: 0 });
      },
    }),
  ];
}

/** Tells the schedulers that runs may be due, and the pages. */
export function ringAssetEvents(deps: WebDeps, dagIds: readonly string[]): void {
  if (dagIds.length > 0) deps.broker.ring('asset_events_queued', { dagIds });
  deps.broker.ring('ui_events', { topics: ['assets', ...dagIds.map((dagId) => `dag:${dagId}`)] });
}

export async function requireAsset(db: Queryable, assetId: number): Promise<AssetRow> {
  const row = await findAsset(db, assetId);
  if (row === null) throw new AppError('NOT_FOUND', `The Asset with ID: \`${assetId}\` was not found`);
  return row;
}

async function eventsPage(db: Queryable, request: ListRequest) {
  const page = await listAssetEvents(db, request);
  return { asset_events: page.rows.map(assetEventShape), total_entries: page.total };
}

/** Throws NOT_FOUND when no DAG makes it, CONFLICT when several do. */
function producerOf(asset: AssetRow): string {
  const dagIds = [...new Set(asset.producing_tasks.map((task) => task.dag_id))];
  const [first] = dagIds;
  if (first === undefined) throw new AppError('NOT_FOUND', `No DAG materializes asset with ID: ${asset.asset_id}`);
  if (dagIds.length > 1)
    throw new AppError(
      'CONFLICT',
      `More than one DAG materializes asset with ID: ${asset.asset_id} (${dagIds.join(', ')}). Trigger one of them.`,
    );
  return first;
}
