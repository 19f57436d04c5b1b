/** What the commands that clear and mark share: which instances, shown as rows, and who is to hear of it. */
import type { TaskInstanceRow } from '#platform/db/queries/api/task-instance-row.ts';
import type { CliDeps } from './environment.ts';
import type { Row } from './output.ts';

/** The name in the history of what was done from the command line. */
export const CLI_USER = 'cli';

export function instanceLine(row: TaskInstanceRow): Row {
  return {
    dag_id: row.dag_id,
    run_id: row.run_id,
    task_id: row.task_id,
    map_index: row.map_index,
    state: row.state,
    try_number: row.try_number,
  };
}

/** "3 task instances of 2 runs" */
export function countOf(rows: readonly TaskInstanceRow[]): string {
  const runs = new Set(rows.map((row) => row.dag_run_id)).size;
  return `${rows.length} task ${rows.length === 1 ? 'instance' : 'instances'} of ${runs} ${runs === 1 ? 'run' : 'runs'}`;
}

/** Tells scheduler, workers and pages. `rows` as they were before. */
export async function ringChanged(
  deps: CliDeps,
  dagId: string,
  changed: { readonly runIds: readonly string[]; readonly rows: readonly TaskInstanceRow[] },
): Promise<void> {
  const bell = await deps.broker();
  const ids = changed.rows.filter((row) => row.state === 'running').map((row) => row.task_instance_id);
  if (ids.length > 0) bell.ring('leases_changed', { ids });
  const dagIds = [...new Set([dagId, ...changed.rows.map((row) => row.dag_id)])];
  const runs = [...changed.runIds.map((runId) => `run:${dagId}/${runId}`), ...changed.rows.map((row) => `run:${row.dag_id}/${row.run_id}`)];
  bell.ring('runs_changed', { dagIds });
  bell.ring('ui_events', { topics: ['dags', ...dagIds.map((id) => `dag:${id}`), ...new Set(runs)] });
}
