import { Command } from 'commander';

/** `windlass scheduler`: one scheduler with its DAG processor; run as many as you like. */
export function scheduler(): Command {
  return new Command('scheduler').description('Run a scheduler, with the DAG processor').action(async () => {
    const [{ runRole }, { startScheduler }] = await Promise.all([import('../run-role.ts'), import('../../scheduler/main.ts')]);
    process.exitCode = await runRole({ role: 'scheduler', start: startScheduler });
  });
}
