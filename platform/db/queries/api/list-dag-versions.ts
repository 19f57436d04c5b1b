/** Pages through the versions of DAGs, without specs and sources. Called by the API. */
import type { Queryable } from '../../client.ts';
import { type ListPage, type ListRequest, type ListSource, readList } from '../../list-query.ts';

export interface DagVersionHead {
  readonly version_id: string;
  readonly dag_id: string;
  readonly version_number: number;
  readonly created_at: Date;
  readonly bundle_name: string;
  /** Commit of a git bundle. */
  readonly bundle_version: string | null;
}

const SOURCE: ListSource = {
  name: 'list_dag_versions',
  select: 'version_id, dag_id, version_number, created_at, bundle_name, bundle_version',
  from: 'dag_version',
  fields: {
    version_id: 'version_id',
    dag_id: 'dag_id',
    version_number: 'version_number',
    bundle_name: 'bundle_name',
    bundle_version: 'bundle_version',
  },
  tieBreak: 'dag_id, version_number',
};

export function listDagVersions(db: Queryable, request: ListRequest): Promise<ListPage<DagVersionHead>> {
  return readList(db, SOURCE, request);
}
