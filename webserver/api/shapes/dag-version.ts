/** DagVersionResponse. */
import { iso } from '../../http/iso.ts';

/** DAG files come from one folder; Airflow calls such a source a bundle. */
export const BUNDLE_NAME = 'dags-folder';

export interface VersionColumns {
  readonly dag_id: string;
  readonly version_id: string;
  readonly version_number: number;
  readonly version_created_at: Date;
}

export function dagVersionShape(row: VersionColumns) {
  return {
    id: row.version_id,
    version_number: row.version_number,
    dag_id: row.dag_id,
    bundle_name: BUNDLE_NAME,
    bundle_version: null,
    created_at: iso(row.version_created_at),
    dag_display_name: row.dag_id,
    bundle_url: null,
  };
}
