/** GET /dags/{dag_id}/dagVersions/{version_number}/diff: what changed between two versions. Not in Airflow. */
import { z } from 'zod';
import { changeInWords, diffSpecs } from '#core/diff-specs.ts';
import { integer } from '../http/list-query-schema.ts';
import { type Route, route } from '../http/route.ts';
import * as dagAnswers from './answers/dags.ts';
import { requireDagVersion } from './lookups.ts';
import { dagPath } from './path-ids.ts';
import { dagVersionShape } from './shapes/dag-version.ts';

export const dagVersionRoutes: readonly Route[] = [
  route({
    method: 'GET',
    url: '/api/v2/dags/:dag_id/dagVersions/:version_number/diff',
    permission: 'viewer',
    summary: 'What changed in a version: settings and tasks, and whether the code did. Against the version before, or `against`.',
    response: dagAnswers.versionDiff,
    params: dagPath.extend({ version_number: integer }),
    query: z.object({ against: integer.optional() }),
    async handle({ db, params, query }) {
      const after = await requireDagVersion(db, params.dag_id, params.version_number);
      const before = await requireDagVersion(db, params.dag_id, query.against ?? Math.max(1, params.version_number - 1));
      return {
        before: dagVersionShape({ ...before, version_created_at: before.created_at }),
        after: dagVersionShape({ ...after, version_created_at: after.created_at }),
        changes: diffSpecs(before.spec, after.spec).map((change) => ({ ...change, text: changeInWords(change) })),
        has_new_code: before.bundle_hash !== after.bundle_hash,
        has_new_source: before.source !== after.source,
      };
    },
  }),
];
