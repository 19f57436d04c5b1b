import type { Command } from 'commander';
import type { TaskSpec } from '#core/dag-spec.ts';
import { listCommand } from '../list-option.ts';
import type { OutputOptions } from '../output.ts';

/** `windlass dags show DAG_ID`: its options and its tasks in order; with --json the whole serialised DAG. */
export function dagsShow(): Command {
  return listCommand('show')
    .description('Show a DAG and its tasks')
    .argument('<dag_id>')
    .action(async (dagId: string, flags: OutputOptions) => {
      const { withDatabase } = await import('../environment.ts');
      const { requireDag } = await import('../list-request.ts');
      const { formatOf, print, printRecord } = await import('../output.ts');
      const { findDagVersion } = await import('#platform/db/queries/api/find-dag-version.ts');
      await withDatabase(async ({ db }) => {
        const dag = await requireDag(db, dagId);
        const version = await findDagVersion(db, dagId, null);
        if (version === null) return;
        const { tasks, groups: _groups, mapScopes: _scopes, ...head } = version.spec;
        const state = { is_paused: dag.is_paused, has_import_errors: dag.has_import_errors, next_run_after: dag.next_run_after };
        if (formatOf(flags) !== 'table') return printRecord({ ...state, version_number: version.version_number, ...version.spec }, flags);
        printRecord(
          {
            dag_id: head.dagId,
            description: head.description,
            file: version.file_path,
            version: version.version_number,
            schedule: head.scheduleSummary,
            owner: head.owner,
            tags: head.tags,
            ...state,
          },
          flags,
        );
        print('\ntasks');
        for (const task of tasks) print(taskLine(task));
      });
    });
}

function taskLine(task: TaskSpec): string {
  const after = task.upstream.length === 0 ? '' : `  <- ${task.upstream.join(', ')}`;
  const rule = task.triggerRule === 'all_success' ? '' : ` (${task.triggerRule})`;
  return `  ${task.taskId}  [${task.operator}]${after}${rule}`;
}
