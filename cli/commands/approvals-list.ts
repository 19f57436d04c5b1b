import type { Command } from 'commander';
import { listCommand, withLimit } from '../list-option.ts';
import type { OutputOptions } from '../output.ts';

interface Flags extends OutputOptions {
  readonly dagId?: string;
  readonly all?: boolean;
  readonly limit: number;
}

/** `windlass approvals list`: oldest question first. */
export function approvalsList(): Command {
  return withLimit(listCommand('list').description('List what tasks ask people, the longest waiting first'))
    .option('--dag-id <dag_id>', 'only of this DAG')
    .option('--all', 'also what is answered, newest first')
    .action(async (flags: Flags) => {
      const { withDatabase } = await import('../environment.ts');
      const { equal, listRequest, requireDag } = await import('../list-request.ts');
      const { printRows } = await import('../output.ts');
      const { listApprovals } = await import('#platform/db/queries/approvals/list-approvals.ts');
      await withDatabase(async ({ db }) => {
        if (flags.dagId !== undefined) await requireDag(db, flags.dagId);
        const filters = [
          ...(flags.dagId === undefined ? [] : [equal('dag_id', flags.dagId)]),
          ...(flags.all ? [] : [equal('is_open', true)]),
        ];
        const { rows } = await listApprovals(db, listRequest(filters, flags.all ? '-created_at' : 'created_at', flags.limit));
        printRows(
          rows.map((row) => ({
            dag_id: row.dag_id,
            run_id: row.run_id,
            task_id: row.task_id,
            map_index: row.map_index,
            subject: row.subject,
            options: row.options.join(', '),
            asked_at: row.asked_at,
            until: row.timeout_at,
            answer: row.chosen === null ? null : row.chosen.join(', '),
            by: row.responded_by,
          })),
          flags,
          flags.all ? 'No task has asked anybody.' : 'Nobody is asked anything.',
        );
      });
    });
}
