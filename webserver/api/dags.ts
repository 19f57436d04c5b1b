/** /dags: list, details, pause. */
import { createHmac } from 'node:crypto';
import { z } from 'zod';
import { AppError } from '#core/errors.ts';
import { DAG_RUN_STATES } from '#core/states.ts';
import type { ListRequest } from '#platform/db/list-query.ts';
import { countActiveRuns } from '#platform/db/queries/api/count-active-runs.ts';
import { isFavorite } from '#platform/db/queries/api/dag-favorites.ts';
import { listDags } from '#platform/db/queries/api/list-dags.ts';
import { setDagPaused } from '#platform/db/queries/api/set-dag-paused.ts';
import { anyOf, anyState, flag, hidesByDefault, ignored, instantRange, listQuery, pattern } from '../http/list-query-schema.ts';
import { principalOf, type Route, route, type WebDeps } from '../http/route.ts';
import * as dagAnswers from './answers/dags.ts';
import { requireDag } from './lookups.ts';
import { dagPath } from './path-ids.ts';
import { type DagShapeOptions, dagDetailsShape, dagShape } from './shapes/dag.ts';
import { updateMaskQuery } from './update-mask.ts';

const ORDERING = {
  fields: {
    dag_id: 'dag_id',
    dag_display_name: 'display_name',
    next_dagrun: 'next_run_after',
    state: 'last_run_state',
    start_date: 'last_run_started_at',
    last_run_state: 'last_run_state',
    last_run_start_date: 'last_run_started_at',
  },
  default: ['dag_id'],
};

const FILTERS = {
  tags: { ...anyOf('tags'), toFilters: (value: unknown) => [{ field: 'tags', operator: 'has_any' as const, value }] },
  tags_match_mode: { schema: z.enum(['any', 'all']), toFilters: () => [] },
  owners: anyOf('owner'),
  dag_id_pattern: pattern('dag_id'),
  dag_display_name_pattern: pattern('display_name'),
  exclude_stale: hidesByDefault('is_stale'),
  paused: flag('is_paused'),
  has_import_errors: flag('has_import_errors'),
  last_dag_run_state: anyState('last_run_state', DAG_RUN_STATES),
  dag_run_state: anyState('last_run_state', DAG_RUN_STATES),
  bundle_version: ignored,
  has_asset_schedule: flag('has_asset_schedule'),
  asset_dependency: pattern('asset_names'),
  ...instantRange('dag_run_start_date', 'last_run_started_at'),
  ...instantRange('dag_run_end_date', 'last_run_ended_at'),
};

const dagListQuery = listQuery(FILTERS, ORDERING);
const patchBody = z.strictObject({ is_paused: z.boolean() });

/** `file_token` names a file without letting anybody name another. */
export function fileSigner(deps: WebDeps): (filePath: string) => string {
  const key = deps.config.secretKey.reveal();
  return (filePath) => {
    const body = Buffer.from(filePath).toString('base64url');
    return `${body}.${createHmac('sha256', `file_token:${key}`).update(body).digest('base64url')}`;
  };
}

export function dagRoutes(deps: WebDeps): readonly Route[] {
  const options: DagShapeOptions = { dagsFolder: deps.config.dagsFolder, signFile: fileSigner(deps) };
  return [
    route({
      method: 'GET',
      url: '/api/v2/dags',
      permission: 'viewer',
      summary: 'List DAGs.',
      response: dagAnswers.dags,
      query: dagListQuery,
      async handle({ db, query, request }) {
        const page = await listDags(db, withTagsMode(query, request.query));
        return { dags: page.rows.map((row) => dagShape(row, options)), total_entries: page.total };
      },
    }),
    route({
      method: 'PATCH',
      url: '/api/v2/dags',
      permission: 'user',
      audit: 'dag.pause_many',
      summary: 'Pause or unpause the DAGs that match dag_id_pattern (~ = all).',
      response: dagAnswers.dags,
      query: dagListQuery,
      body: patchBody,
      async handle({ db, query, body, request, audit, afterCommit }) {
        const raw = request.query as Readonly<Record<string, unknown>>;
        refuseMask(raw['update_mask']);
        // As in Airflow, no pattern matches nothing: a forgotten parameter must not pause everything.
        if (raw['dag_id_pattern'] === undefined) return { dags: [], total_entries: 0 };
        const page = await listDags(db, withTagsMode(query, raw));
        const ids = page.rows.map((row) => row.dag_id);
        await setDagPaused(db, ids, body.is_paused);
        audit({ extra: { dag_ids: ids, is_paused: body.is_paused } });
        afterCommit(() => ringDags(deps, ids));
        return { dags: page.rows.map((row) => dagShape({ ...row, is_paused: body.is_paused }, options)), total_entries: page.total };
      },
    }),
    route({
      method: 'GET',
      url: '/api/v2/dags/:dag_id',
      permission: 'viewer',
      summary: 'One DAG.',
      response: dagAnswers.dag,
      params: dagPath,
      handle: async ({ db, params }) => dagShape(await requireDag(db, params.dag_id), options),
    }),
    route({
      method: 'GET',
      url: '/api/v2/dags/:dag_id/details',
      permission: 'viewer',
      summary: 'One DAG with everything known of it.',
      response: dagAnswers.dagDetails,
      params: dagPath,
      async handle(context) {
        const { db, params } = context;
        const row = await requireDag(db, params.dag_id);
        return dagDetailsShape(row, options, {
          activeRuns: await countActiveRuns(db, row.dag_id),
          isFavorite: await isFavorite(db, row.dag_id, principalOf(context).username),
        });
      },
    }),
    route({
      method: 'PATCH',
      url: '/api/v2/dags/:dag_id',
      permission: 'user',
      audit: 'dag.pause',
      summary: 'Pause or unpause a DAG.',
      response: dagAnswers.dag,
      params: dagPath,
      query: updateMaskQuery,
      body: patchBody,
      async handle({ db, params, query, body, audit, afterCommit }) {
        refuseMask(query.update_mask);
        const row = await requireDag(db, params.dag_id);
        await setDagPaused(db, [row.dag_id], body.is_paused);
        audit({ dagId: row.dag_id, extra: { is_paused: body.is_paused } });
        afterCommit(() => ringDags(deps, [row.dag_id]));
        return dagShape({ ...row, is_paused: body.is_paused }, options);
      },
    }),
  ];
}

/** Tells schedulers and pages that these DAGs changed. */
export function ringDags(deps: WebDeps, dagIds: readonly string[]): void {
  deps.broker.ring('dags_changed', { dagIds });
  deps.broker.ring('ui_events', { topics: ['dags', ...dagIds.map((id) => `dag:${id}`)] });
}

function refuseMask(mask: unknown): void {
  const names = mask === undefined ? [] : [mask].flat();
  if (names.some((name) => name !== 'is_paused'))
    throw new AppError('BAD_REQUEST', 'Only `is_paused` field can be updated through the REST API');
}

function withTagsMode(request: ListRequest, raw: unknown): ListRequest {
  if ((raw as Readonly<Record<string, unknown>>)['tags_match_mode'] !== 'all') return request;
  return { ...request, filters: request.filters.map((filter) => (filter.field === 'tags' ? { ...filter, operator: 'has_all' } : filter)) };
}
