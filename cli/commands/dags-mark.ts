import { Argument, Command } from 'commander';

const STATES = ['success', 'failed', 'queued'] as const;

interface Flags {
  readonly yes?: boolean;
  readonly note?: string;
}

/** `windlass dags mark DAG_ID RUN_ID STATE`: says what became of a run. */
export function dagsMark(): Command {
  return new Command('mark')
    .description('Mark a run as success or failed with its task instances, or queue it')
    .argument('<dag_id>')
    .argument('<run_id>')
    .addArgument(new Argument('<state>', 'what becomes of it').choices(STATES))
    .option('--note <text>', 'kept with the run')
    .option('-y, --yes', 'do not ask')
    .action(async (dagId: string, runId: string, state: (typeof STATES)[number], flags: Flags) => {
      const { withDatabase } = await import('../environment.ts');
      const { requireRun } = await import('../list-request.ts');
      const { say } = await import('../output.ts');
      const { CLI_USER, ringChanged } = await import('../change-of-mind.ts');
      const { confirm } = await import('../confirm.ts');
      const { chooseInstances } = await import('#platform/change-of-mind/choose.ts');
      const { markRun } = await import('#platform/change-of-mind/mark.ts');
      const { setDagRunNote } = await import('#platform/db/queries/api/set-dag-run-note.ts');
      await withDatabase(async (deps) => {
        const run = await requireRun(deps.db, dagId, runId);
        await confirm(`Mark the run ${runId} of ${dagId}, which is ${run.state}, as ${state}?`, flags.yes === true);
        const running = await deps.db.transaction('mark_run', async (tx) => {
          const rows = await chooseInstances(tx, [run], { tasks: null, states: ['running'] });
          await markRun(tx, run, state, CLI_USER);
          if (flags.note !== undefined) await setDagRunNote(tx, run.dag_run_id, flags.note, CLI_USER);
          return rows;
        });
        await ringChanged(deps, dagId, { runIds: [runId], rows: running });
        const now = await requireRun(deps.db, dagId, runId);
        say(now.state === state ? `The run ${runId} is ${state} now.` : `The run ${runId} is ${state} once its teardowns have ended.`);
      });
    });
}
