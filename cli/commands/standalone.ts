import { Command } from 'commander';

/** `windlass standalone`: everything on this machine; what `npm start` runs. */
export function standalone(): Command {
  return new Command('standalone')
    .description('Run everything on this machine: Postgres, Redis if installed, scheduler, worker, web server, monitor')
    .action(async () => {
      const { runStandalone } = await import('../standalone/standalone.ts');
      process.exitCode = await runStandalone();
    });
}
