import { Command } from 'commander';
import { parseCount } from '../parse-flag.ts';

interface MonitorFlags {
  readonly port?: number;
  readonly host?: string;
}

/** `windlass monitor`: the workers' page. */
export function monitor(): Command {
  return new Command('monitor')
    .description('Run the monitor of workers and queues')
    .option('-p, --port <port>', 'port to listen on (WINDLASS_MONITOR_PORT)', parseCount('--port', 0, 65_535))
    .option('-H, --host <address>', 'address to listen on (WINDLASS_MONITOR_HOST)')
    .action(async (flags: MonitorFlags) => {
      const [{ runRole }, { startMonitor }] = await Promise.all([import('../run-role.ts'), import('../../monitor/main.ts')]);
      const overrides = {
        ...(flags.port === undefined ? {} : { monitorPort: flags.port }),
        ...(flags.host === undefined ? {} : { monitorHost: flags.host }),
      };
      process.exitCode = await runRole({ role: 'monitor', start: startMonitor, overrides });
    });
}
