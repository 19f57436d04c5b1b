/** Reads what planning a backfill needs of a DAG. Called by the API and the CLI. Zero rows: no such DAG. */
import type { DagSpec } from '#core/dag-spec.ts';
import type { Queryable } from '../../client.ts';

export interface BackfillDag {
  readonly dag_id: string;
  readonly file_path: string;
  readonly is_paused: boolean;
  readonly is_stale: boolean;
  readonly has_import_errors: boolean;
  readonly version_id: string;
  readonly head: Pick<DagSpec, 'schedule' | 'startDate' | 'paramsSchema' | 'paramsDefaults' | 'allowedRunTypes'>;
  readonly depends_on_past: boolean;
  readonly has_active_backfill: boolean;
}

const READ_BACKFILL_DAG = {
  name: 'read_backfill_dag',
  text: `
select d.dag_id, d.file_path, d.is_paused, d.is_stale, d.has_import_errors, d.version_id, v.spec - '{tasks,groups,mapScopes}'::text[] as head,
       jsonb_path_exists(v.spec, '$.tasks[*] ? (@.dependsOnPast == true || @.waitForDownstream == true)') as depends_on_past,
       exists (select from backfill b where b.dag_id = d.dag_id and b.completed_at is null) as has_active_backfill
  from dag d join dag_version v on v.version_id = d.version_id
 where d.dag_id = $1`,
};

export async function readBackfillDag(db: Queryable, dagId: string): Promise<BackfillDag | null> {
  return (await db.query<BackfillDag>(READ_BACKFILL_DAG, [dagId])).rows[0] ?? null;
}
