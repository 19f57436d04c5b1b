import type { Queryable } from '../../client.ts';
import { clearInstances } from '../api/move-instances.ts';

const INSTANCES = {
  name: 'list_instances_of_run_to_reset',
  text: 'select task_instance_id as id from task_instance where dag_run_id = $1',
};

const RESET = {
  name: 'reset_dag_run',
  text: `
update dag_run r
   set state = 'queued', reason = null, conf = $2::jsonb, params = coalesce(v.spec -> 'paramsDefaults', '{}') || $2::jsonb, note = coalesce($3, r.note),
       queued_at = clock_timestamp(), started_at = null, ended_at = null, revision = r.revision + 1
  from dag_version v where r.dag_run_id = $1 and v.version_id = r.version_id`,
};

/**
 * resetDagRun    who: worker, for a task that triggers a run anew (resetDagRun), which it has locked. Locks its instances.
 * Clears every instance, as a person would, and queues the run with the new conf. It keeps its version of the DAG.
 */
export async function resetDagRun(
  tx: Queryable,
  run: { readonly dagRunId: string; readonly conf: object; readonly note: string | null; readonly actor: string },
): Promise<void> {
  const instances = await tx.query<{ id: string }>(INSTANCES, [run.dagRunId]);
  await clearInstances(
    tx,
    instances.rows.map((row) => row.id),
    run.actor,
  );
  await tx.query(RESET, [run.dagRunId, JSON.stringify(run.conf), run.note]);
}
