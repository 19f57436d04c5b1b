import { Command } from 'commander';
import type { RoleDeps } from '../run-role.ts';

/** `windlass scheduler`: one scheduler with its DAG processor; run as many as you like. */
export function scheduler(): Command {
  return new Command('scheduler')
    .description('Run a scheduler, with the DAG processor')
    .option('--with-triggerer', 'run a triggerer in the same process, as standalone does')
    .action(async ({ withTriggerer }: { readonly withTriggerer?: true }) => {
      const [{ runRole }, { startScheduler }] = await Promise.all([import('../run-role.ts'), import('../../scheduler/main.ts')]);
      process.exitCode = await runRole({ role: 'scheduler', start: withTriggerer ? startBoth : startScheduler });
    });
}

/** A triggerer runs no code of an author, so it can do no harm to the scheduler; a process of its own would cost 60 MB. */
async function startBoth(deps: RoleDeps) {
  const [{ startScheduler }, { startTriggerer }] = await Promise.all([
    import('../../scheduler/main.ts'),
    import('../../triggerer/main.ts'),
  ]);
  const scheduler = await startScheduler(deps);
  const triggerer = await startTriggerer(deps);
  return {
    async stop() {
      await triggerer.stop();
      await scheduler.stop();
    },
  };
}
