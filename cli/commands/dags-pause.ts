import { Command } from 'commander';

/** `windlass dags pause DAG_ID…` */
export function dagsPause(): Command {
  return command('pause', 'Pause DAGs: no new runs by time, and nothing more of a run is started', true);
}

/** `windlass dags unpause DAG_ID…` */
export function dagsUnpause(): Command {
  return command('unpause', 'Let paused DAGs run again', false);
}

function command(name: string, description: string, isPaused: boolean): Command {
  return new Command(name)
    .description(description)
    .argument('<dag_id...>')
    .action(async (dagIds: readonly string[]) => {
      const { withDatabase } = await import('../environment.ts');
      const { requireDag } = await import('../list-request.ts');
      const { say } = await import('../output.ts');
      const { setDagPaused } = await import('#platform/db/queries/api/set-dag-paused.ts');
      await withDatabase(async ({ db, broker }) => {
        for (const dagId of dagIds) await requireDag(db, dagId);
        await setDagPaused(db, dagIds, isPaused);
        const bell = await broker();
        bell.ring('dags_changed', { dagIds });
        bell.ring('ui_events', { topics: ['dags', ...dagIds.map((dagId) => `dag:${dagId}`)] });
        for (const dagId of dagIds) say(`${dagId} is ${isPaused ? 'paused' : 'not paused'} now.`);
      });
    });
}
