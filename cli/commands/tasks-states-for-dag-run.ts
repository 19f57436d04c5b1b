import type { Command } from 'commander';
import { listCommand } from '../list-option.ts';
import type { OutputOptions } from '../output.ts';

const MAX_INSTANCES = 100_000;

/** `windlass tasks states-for-dag-run DAG_ID RUN_ID` */
export function tasksStatesForDagRun(): Command {
  return listCommand('states-for-dag-run')
    .description('Show the state of every task instance of a run')
    .argument('<dag_id>')
    .argument('<run_id>')
    .action(async (dagId: string, runId: string, flags: OutputOptions) => {
      const { withDatabase } = await import('../environment.ts');
      const { equal, listRequest, requireRun } = await import('../list-request.ts');
      const { printRows } = await import('../output.ts');
      const { listTaskInstances } = await import('#platform/db/queries/api/list-task-instances.ts');
      await withDatabase(async ({ db }) => {
        const run = await requireRun(db, dagId, runId);
        const filters = [equal('dag_id', dagId), equal('run_id', runId)];
        const { rows } = await listTaskInstances(db, listRequest(filters, 'id', MAX_INSTANCES));
        printRows(
          rows.map((row) => ({
            dag_id: dagId,
            logical_date: run.logical_date,
            task_id: row.task_id,
            map_index: row.map_index,
            state: row.state,
            try_number: row.try_number,
            start_date: row.started_at,
            end_date: row.ended_at,
            reason: row.reason,
          })),
          flags,
        );
      });
    });
}
