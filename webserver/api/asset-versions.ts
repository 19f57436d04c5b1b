/** /assets/{id}/versions: what each writing of an asset left behind. */
import { z } from 'zod';
import { AppError } from '#core/errors.ts';
import { listAssetVersions } from '#platform/db/queries/assets/list-versions.ts';
import { exactly, flag, instantRange, integer, listQuery } from '../http/list-query-schema.ts';
import { type Route, route } from '../http/route.ts';
import * as answers from './answers/assets.ts';
import { assetPath, requireAsset } from './assets.ts';
import { assetVersionShape } from './shapes/asset-version.ts';

const FILTERS = {
  partition_key: exactly('partition_key'),
  source_dag_id: exactly('source_dag_id'),
  source_run_id: exactly('source_run_id'),
  source_task_id: exactly('source_task_id'),
  has_new_columns: flag('has_new_columns'),
  ...instantRange('timestamp'),
};
const ORDER = {
  fields: { id: 'id', timestamp: 'timestamp', row_count: 'row_count', bytes: 'bytes' },
  default: ['-id'],
};

export function assetVersionRoutes(): readonly Route[] {
  return [
    route({
      method: 'GET',
      url: '/api/v2/assets/:asset_id/versions',
      permission: 'viewer',
      summary: 'What each writing of an asset left behind: columns, rows, bytes, partitions, what it was made of, and what changed.',
      response: answers.assetVersions,
      params: assetPath,
      query: listQuery(FILTERS, ORDER),
      async handle({ db, params, query }) {
        await requireAsset(db, params.asset_id);
        const filters = [...query.filters, { field: 'asset_id', operator: 'eq' as const, value: params.asset_id }];
        const page = await listAssetVersions(db, { ...query, filters });
        return { asset_versions: page.rows.map(assetVersionShape), total_entries: page.total };
      },
    }),
    route({
      method: 'GET',
      url: '/api/v2/assets/:asset_id/versions/:version_id',
      permission: 'viewer',
      summary: 'One version of an asset.',
      response: answers.assetVersion,
      params: z.object({ asset_id: integer, version_id: integer }),
      async handle({ db, params }) {
        const filters = [
          { field: 'asset_id', operator: 'eq' as const, value: params.asset_id },
          { field: 'id', operator: 'eq' as const, value: params.version_id },
        ];
        const row = (await listAssetVersions(db, { filters, orderBy: [], limit: 1, offset: 0 })).rows[0];
        if (!row) throw new AppError('NOT_FOUND', `The Asset with ID: \`${params.asset_id}\` has no version \`${params.version_id}\``);
        return assetVersionShape(row);
      },
    }),
  ];
}
