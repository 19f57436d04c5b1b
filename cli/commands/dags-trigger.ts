import type { Command } from 'commander';
import { listCommand } from '../list-option.ts';
import type { OutputOptions } from '../output.ts';
import { parseInstant, parseJsonObject } from '../parse-flag.ts';
import type { TriggerRequest } from '../trigger-dag.ts';

interface Flags extends OutputOptions, Omit<TriggerRequest, 'dagId'> {
  readonly wait?: boolean;
}

/** `windlass dags trigger DAG_ID`: prints the run; with --wait also waits for its end and exits with 1 if it failed. */
export function dagsTrigger(): Command {
  return listCommand('trigger')
    .description('Start a run of a DAG')
    .argument('<dag_id>')
    .option('-c, --conf <json>', 'params of the run, a JSON object', parseJsonObject('--conf'))
    .option('-r, --run-id <id>', 'id of the run (default: manual__<now>)')
    .option('-l, --logical-date <instant>', 'logical date of the run (default: none)', parseInstant('--logical-date'))
    .option('-w, --wait', 'wait until the run has ended')
    .action(async (dagId: string, flags: Flags) => {
      const { withDatabase } = await import('../environment.ts');
      const { printRecord, say } = await import('../output.ts');
      const { triggerDag, waitForRun } = await import('../trigger-dag.ts');
      await withDatabase(async (deps) => {
        const dag = await triggerDag(deps, { dagId, ...flags });
        if (dag.isPaused) say(`${dagId} is paused: the run stays queued until you run: windlass dags unpause ${dagId}`);
        const run = flags.wait ? await waitForRun(deps.db, dagId, dag.run.run_id) : dag.run;
        printRecord(
          {
            dag_id: run.dag_id,
            dag_run_id: run.run_id,
            state: run.state,
            run_type: run.run_type,
            logical_date: run.logical_date,
            conf: run.conf,
            start_date: run.started_at,
            end_date: run.ended_at,
          },
          flags,
        );
        if (run.state === 'failed') process.exitCode = 1;
      });
    });
}
