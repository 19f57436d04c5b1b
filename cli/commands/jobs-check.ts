import { hostname } from 'node:os';
import type { Command } from 'commander';
import { AppError } from '#core/errors.ts';
import { listCommand } from '../list-option.ts';
import type { OutputOptions } from '../output.ts';

const JOB_TYPES = ['scheduler', 'dag_processor', 'worker', 'triggerer', 'webserver', 'monitor'] as const;

interface Flags extends OutputOptions {
  readonly jobType?: string;
  readonly hostname?: string;
  readonly local?: boolean;
}

/** `windlass jobs check`: exits with 0 when such a process has given a sign of life lately. For health checks. */
export function jobsCheck(): Command {
  return listCommand('check')
    .description('Check that a process is alive, by its heartbeat')
    .option('--job-type <type>', `which kind: ${JOB_TYPES.join(', ')}`)
    .option('--hostname <name>', 'only processes of this host')
    .option('--local', 'only processes of this host')
    .action(async (flags: Flags) => {
      const { withDatabase } = await import('../environment.ts');
      const { printRows } = await import('../output.ts');
      const { listLivingServices } = await import('#platform/db/queries/list-living-services.ts');
      if (flags.jobType !== undefined && !(JOB_TYPES as readonly string[]).includes(flags.jobType))
        throw new AppError('BAD_REQUEST', `There is no job type ${JSON.stringify(flags.jobType)}. Use one of: ${JOB_TYPES.join(', ')}.`);
      await withDatabase(async ({ db, config }) => {
        const host = flags.local ? hostname() : (flags.hostname ?? null);
        const alive = await listLivingServices(db, { kind: flags.jobType ?? null, host, withinMs: 6 * config.serviceHeartbeatMs });
        if (alive.length === 0)
          throw new AppError(
            'NOT_FOUND',
            `No ${flags.jobType ?? 'process'}${host === null ? '' : ` on ${host}`} has given a sign of life in the last ${(6 * config.serviceHeartbeatMs) / 1000} s.`,
          );
        printRows(alive, flags);
      });
    });
}
