import type { Command } from 'commander';
import { AppError } from '#core/errors.ts';
import { DAG_RUN_STATES } from '#core/states.ts';
import { listCommand, withLimit } from '../list-option.ts';
import type { OutputOptions } from '../output.ts';

interface Flags extends OutputOptions {
  readonly dagId?: string;
  readonly state?: string;
  readonly limit: number;
}

/** `windlass dags list-runs [DAG_ID]`: newest first. */
export function dagsListRuns(): Command {
  return withLimit(listCommand('list-runs').description('List runs of one DAG or of all, newest first'))
    .argument('[dag_id]')
    .option('-d, --dag-id <dag_id>', 'the same as the argument')
    .option('--state <state>', `only runs in this state: ${DAG_RUN_STATES.join(', ')}`)
    .action(async (argument: string | undefined, flags: Flags) => {
      const { withDatabase } = await import('../environment.ts');
      const { equal, listRequest, requireDag } = await import('../list-request.ts');
      const { printRows } = await import('../output.ts');
      const { listDagRuns } = await import('#platform/db/queries/api/list-dag-runs.ts');
      const dagId = argument ?? flags.dagId;
      if (flags.state !== undefined && !(DAG_RUN_STATES as readonly string[]).includes(flags.state))
        throw new AppError('BAD_REQUEST', `There is no state ${JSON.stringify(flags.state)}. Use one of: ${DAG_RUN_STATES.join(', ')}.`);
      await withDatabase(async ({ db }) => {
        if (dagId !== undefined) await requireDag(db, dagId);
        const filters = [
          ...(dagId === undefined ? [] : [equal('dag_id', dagId)]),
          ...(flags.state === undefined ? [] : [equal('state', flags.state)]),
        ];
        const { rows } = await listDagRuns(db, listRequest(filters, '-run_after', flags.limit));
        printRows(
          rows.map((run) => ({
            dag_id: run.dag_id,
            run_id: run.run_id,
            state: run.state,
            run_after: run.run_after,
            logical_date: run.logical_date,
            start_date: run.started_at,
            end_date: run.ended_at,
          })),
          flags,
          'No runs.',
        );
      });
    });
}
