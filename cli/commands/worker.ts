import { Command } from 'commander';
import { AppError } from '#core/errors.ts';
import { isKey } from '#core/ids.ts';
import { parseCount } from '../parse-flag.ts';

interface WorkerFlags {
  readonly queues?: readonly string[];
  readonly slots?: number;
  readonly concurrency?: number;
}

/** `windlass worker`: runs tasks; run as many as you like, on any machines. */
export function worker(): Command {
  return new Command('worker')
    .description('Run a worker')
    .option('-q, --queues <names>', 'queues to listen on, separated by commas (WINDLASS_WORKER_QUEUES)', parseQueues)
    .option('-s, --slots <n>', 'tasks to run at once (WINDLASS_WORKER_SLOTS)', parseCount('--slots', 1, 1_000))
    .option('-c, --concurrency <n>', "the same, by Airflow's name", parseCount('--concurrency', 1, 1_000))
    .action(async (flags: WorkerFlags) => {
      const [{ runRole }, { startWorker }] = await Promise.all([import('../run-role.ts'), import('../../worker/main.ts')]);
      const slots = flags.slots ?? flags.concurrency;
      const overrides = {
        ...(flags.queues === undefined ? {} : { workerQueues: flags.queues }),
        ...(slots === undefined ? {} : { workerSlots: slots }),
      };
      process.exitCode = await runRole({ role: 'worker', start: startWorker, overrides });
    });
}

function parseQueues(text: string): readonly string[] {
  const queues = text.split(',').map((name) => name.trim());
  const wrong = queues.find((name) => !isKey(name));
  if (wrong === undefined) return queues;
  throw new AppError(
    'BAD_REQUEST',
    `--queues has ${JSON.stringify(wrong)}, which is no name of a queue. Separate names by commas: --queues default,gpu`,
  );
}
