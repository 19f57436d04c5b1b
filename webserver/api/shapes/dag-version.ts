/** DagVersionResponse. */
import { iso } from '../../http/iso.ts';

export interface VersionColumns {
  readonly dag_id: string;
  readonly version_id: string;
  readonly version_number: number;
  readonly version_created_at: Date;
  readonly bundle_name: string;
  readonly bundle_version: string | null;
}

export function dagVersionShape(row: VersionColumns) {
  return {
    id: row.version_id,
    version_number: row.version_number,
    dag_id: row.dag_id,
    bundle_name: row.bundle_name,
    bundle_version: row.bundle_version,
    created_at: iso(row.version_created_at),
    dag_display_name: row.dag_id,
    bundle_url: null,
  };
}
