import type { DagSpec } from '#core/dag-spec.ts';
import type { Queryable } from '../client.ts';

export interface LoadedVersion {
  readonly versionId: string;
  readonly dagId: string;
  readonly versionNumber: number;
  readonly bundleHash: string;
  readonly spec: DagSpec;
}

const STATEMENT = {
  name: 'load_version',
  text: `select version_id as "versionId", dag_id as "dagId", version_number as "versionNumber", bundle_hash as "bundleHash", spec
           from dag_version where version_id = any($1::uuid[])`,
};

/**
 * loadVersions    who: scheduler and worker, on a cache miss; a version never changes, so cache it for ever.
 * Reads only. A version missing from the answer was deleted with its DAG.
 */
export async function loadVersions(db: Queryable, versionIds: readonly string[]): Promise<readonly LoadedVersion[]> {
  return (await db.query<LoadedVersion>(STATEMENT, [versionIds])).rows;
}
