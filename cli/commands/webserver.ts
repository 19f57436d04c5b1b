import { Command } from 'commander';
import { parseCount } from '../parse-flag.ts';

interface WebserverFlags {
  readonly port?: number;
  readonly host?: string;
}

/** `windlass webserver`: REST API and pages; run as many as you like. */
export function webserver(): Command {
  return new Command('webserver')
    .description('Run a web server: REST API and pages')
    .option('-p, --port <port>', 'port to listen on (WINDLASS_WEB_PORT)', parseCount('--port', 0, 65_535))
    .option('-H, --host <address>', 'address to listen on (WINDLASS_WEB_HOST)')
    .action(async (flags: WebserverFlags) => {
      const [{ runRole }, { startWebserver }] = await Promise.all([import('../run-role.ts'), import('../../webserver/main.ts')]);
      const overrides = {
        ...(flags.port === undefined ? {} : { webPort: flags.port }),
        ...(flags.host === undefined ? {} : { webHost: flags.host }),
      };
      process.exitCode = await runRole({ role: 'webserver', start: startWebserver, overrides });
    });
}
