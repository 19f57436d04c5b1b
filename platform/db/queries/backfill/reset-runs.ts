import type { Queryable } from '../../client.ts';
import { clearInstances } from '../api/move-instances.ts';
import { repinRuns } from '../repin-runs.ts';

const INSTANCES = {
  name: 'list_instances_of_runs',
  text: "select task_instance_id as id from task_instance where dag_run_id = any($1::uuid[]) and state <> 'removed'",
};

const RESET_RUNS = {
  name: 'reset_backfill_runs',
  text: `
update dag_run r
   set state = 'queued', run_type = 'backfill', backfill_id = $1::bigint, backfill_ordinal = a.ordinal, reason = null,
       conf = $4::jsonb, params = coalesce(v.spec -> 'paramsDefaults', '{}') || $4::jsonb,
       queued_at = clock_timestamp(), started_at = null, ended_at = null, revision = r.revision + 1
  from unnest($2::uuid[], $3::int[]) as a(dag_run_id, ordinal), dag_version v
 where r.dag_run_id = a.dag_run_id and v.version_id = r.version_id and r.state in ('success', 'failed')`,
};

/**
 * resetRuns    who: scheduler, for runs a backfill runs again, which it has locked. Locks their instances.
 * Clears every instance, as a person would, and makes the run one of the backfill, on the newest version if it says so.
 */
export async function resetRuns(
  db: Queryable,
  backfill: {
    readonly backfillId: number;
    readonly dagId: string;
    readonly runOnLatestVersion: boolean;
    readonly conf: Readonly<Record<string, unknown>>;
  },
  runs: readonly { readonly dagRunId: string; readonly ordinal: number }[],
): Promise<void> {
  const ids = runs.map((run) => run.dagRunId);
  const actor = `backfill:${backfill.backfillId}`;
  if (backfill.runOnLatestVersion) await repinRuns(db, { dagId: backfill.dagId, dagRunIds: ids, actor });
  const instances = await db.query<{ id: string }>(INSTANCES, [ids]);
  await clearInstances(
    db,
    instances.rows.map((row) => row.id),
    actor,
  );
  await db.query(RESET_RUNS, [backfill.backfillId, ids, runs.map((run) => run.ordinal), JSON.stringify(backfill.conf)]);
}
