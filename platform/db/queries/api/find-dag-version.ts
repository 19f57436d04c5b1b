/** Reads one version with its whole spec. `versionNumber` null = the current one. Zero rows: no such DAG or version. */
import type { DagSpec } from '#core/dag-spec.ts';
import type { Queryable } from '../../client.ts';

const FIND_DAG_VERSION = {
  name: 'find_dag_version',
  text: `select v.version_id, v.dag_id, v.version_number, v.created_at, v.file_path, v.bundle_hash, v.bundle_name, v.bundle_version, v.spec, v.source
           from dag_version v join dag d using (dag_id)
          where v.dag_id = $1 and (($2::int is null and v.version_id = d.version_id) or v.version_number = $2)`,
};

export interface DagVersionRow {
  readonly version_id: string;
  readonly dag_id: string;
  readonly version_number: number;
  readonly created_at: Date;
  readonly file_path: string;
  readonly bundle_hash: string;
  readonly bundle_name: string;
  /** Commit of a git bundle. */
  readonly bundle_version: string | null;
  readonly spec: DagSpec;
  readonly source: string;
}

export async function findDagVersion(db: Queryable, dagId: string, versionNumber: number | null): Promise<DagVersionRow | null> {
  return (await db.query<DagVersionRow>(FIND_DAG_VERSION, [dagId, versionNumber])).rows[0] ?? null;
}
