import { Command } from 'commander';
import { AppError } from '#core/errors.ts';

interface Flags {
  readonly runId?: readonly string[];
  readonly yes?: boolean;
}

/** `windlass dags delete DAG_ID`: all that is known of a DAG, or some of its runs. */
export function dagsDelete(): Command {
  return new Command('delete')
    .description('Delete all that is known of a DAG, or only some runs; its file stays, and brings it back without history')
    .argument('<dag_id>')
    .option('--run-id <run_id...>', 'only these runs')
    .option('-y, --yes', 'do not ask')
    .action(async (dagId: string, flags: Flags) => {
      const { withDatabase } = await import('../environment.ts');
      const { requireDag, requireRun } = await import('../list-request.ts');
      const { say } = await import('../output.ts');
      const { confirm } = await import('../confirm.ts');
      const { deleteDag } = await import('#platform/db/queries/api/delete-dag.ts');
      const { deleteDagRun } = await import('#platform/db/queries/api/delete-dag-run.ts');
      await withDatabase(async (deps) => {
        await requireDag(deps.db, dagId);
        const runIds = flags.runId ?? [];
        for (const runId of runIds)
          if ((await requireRun(deps.db, dagId, runId)).state === 'running')
            throw new AppError('CONFLICT', `The run ${runId} is running. First: windlass dags mark ${dagId} ${runId} failed`);
        const what = runIds.length > 0 ? `${runIds.length} of the runs of ${dagId}` : `${dagId} with all its runs and versions`;
        await confirm(`Delete ${what}? This cannot be undone.`, flags.yes === true);
        await deps.db.transaction('delete_dag', async (tx) => {
          for (const runId of runIds) await deleteDagRun(tx, dagId, runId);
          if (runIds.length === 0) await deleteDag(tx, dagId);
        });
        const bell = await deps.broker();
        bell.ring('runs_changed', { dagIds: [dagId] });
        bell.ring('dags_changed', { dagIds: [dagId] });
        bell.ring('ui_events', { topics: ['dags', `dag:${dagId}`] });
        say(`Deleted ${what}.`);
      });
    });
}
