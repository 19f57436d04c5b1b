import { Command } from 'commander';
import { parseCount } from '../parse-flag.ts';

/** `windlass triggerer`: looks after tasks that wait without a worker; run as many as you like. */
export function triggerer(): Command {
  return new Command('triggerer')
    .description('Run a triggerer: it looks after tasks that wait without a worker')
    .option('--capacity <n>', 'waits to look after at once (WINDLASS_TRIGGERER_CAPACITY)', parseCount('--capacity', 1, 1_000_000))
    .action(async ({ capacity }: { readonly capacity?: number }) => {
      const [{ runRole }, { startTriggerer }] = await Promise.all([import('../run-role.ts'), import('../../triggerer/main.ts')]);
      const overrides = capacity === undefined ? {} : { triggererCapacity: capacity };
      process.exitCode = await runRole({ role: 'triggerer', start: startTriggerer, overrides });
    });
}
