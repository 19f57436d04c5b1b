import type { Command } from 'commander';
import { listCommand } from '../list-option.ts';
import type { OutputOptions } from '../output.ts';

/** `windlass tasks list DAG_ID` */
export function tasksList(): Command {
  return listCommand('list')
    .description('List the tasks of a DAG')
    .argument('<dag_id>')
    .action(async (dagId: string, flags: OutputOptions) => {
      const { withDatabase } = await import('../environment.ts');
      const { requireDag } = await import('../list-request.ts');
      const { printRows } = await import('../output.ts');
      const { findDagVersion } = await import('#platform/db/queries/api/find-dag-version.ts');
      await withDatabase(async ({ db }) => {
        await requireDag(db, dagId);
        const version = await findDagVersion(db, dagId, null);
        printRows(
          (version?.spec.tasks ?? []).map((task) => ({
            task_id: task.taskId,
            operator: task.operator,
            trigger_rule: task.triggerRule,
            retries: task.retries,
            queue: task.queue,
            pool: task.pool,
            upstream: task.upstream,
          })),
          flags,
        );
      });
    });
}
