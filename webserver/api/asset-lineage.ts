/** /assets/{id}/lineage: what an asset is made of and what is made of it, over several steps. */
import { z } from 'zod';
import { LINEAGE_DIRECTIONS, LINEAGE_LIMITS, listLineage } from '#platform/db/queries/assets/list-lineage.ts';
import { integer } from '../http/list-query-schema.ts';
import { type Route, route } from '../http/route.ts';
import * as answers from './answers/assets.ts';
import { assetPath, requireAsset } from './assets.ts';

const query = z.object({
  depth: integer.default(LINEAGE_LIMITS.depth),
  direction: z.enum(LINEAGE_DIRECTIONS).default('both'),
});

export function assetLineageRoutes(): readonly Route[] {
  return [
    route({
      method: 'GET',
      url: '/api/v2/assets/:asset_id/lineage',
      permission: 'viewer',
      summary: 'The assets it is made of and those that are made of it, step by step, with the tasks between them.',
      response: answers.assetLineage,
      params: assetPath,
      query,
      async handle({ db, params, query: given }) {
        await requireAsset(db, params.asset_id);
        const depth = Math.min(LINEAGE_LIMITS.depth, Math.max(1, given.depth));
        const { assets, edges, isWhole } = await listLineage(db, params.asset_id, { depth, direction: given.direction });
        return {
          assets: assets.map(({ assetId, name, uri, group, isActive, distance }) => ({
            id: assetId,
            name,
            uri,
            group,
            is_active: isActive,
            distance,
          })),
          edges: edges.map(({ upstreamId, downstreamId, dagId, taskId }) => ({
            upstream_id: upstreamId,
            downstream_id: downstreamId,
            dag_id: dagId,
            task_id: taskId,
          })),
          is_whole: isWhole,
        };
      },
    }),
  ];
}
