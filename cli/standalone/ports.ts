/** Looks at the ports before anything is started, so that a taken one costs nobody a half start. */
import { AppError } from '#core/errors.ts';
import type { Config } from '#platform/config/config.ts';
import { listenError } from '#platform/embedded/free-port.ts';

/** Throws PORT_TAKEN, naming the port and the setting that changes it. */
export async function checkPorts(config: Config): Promise<void> {
  const ports = [
    { what: 'web server', env: 'WINDLASS_WEB_PORT', host: config.webHost, port: config.webPort },
    { what: 'monitor', env: 'WINDLASS_MONITOR_PORT', host: config.monitorHost, port: config.monitorPort },
  ];
  for (const { what, env, host, port } of ports) {
    if (port === 0) continue;
    const code = await listenError(port, host);
    if (code === undefined) continue;
    throw new AppError(
      'PORT_TAKEN',
      `${reason(code, port, host)} Windlass wants it for its ${what}. Stop what uses it, or choose another: ${env}=${port + 1} npm start`,
      {
        port,
        setting: env,
      },
    );
  }
  if (config.webPort !== 0 && config.webPort === config.monitorPort)
    throw new AppError('CONFIG_INVALID', `WINDLASS_WEB_PORT and WINDLASS_MONITOR_PORT are both ${config.webPort}. Give each its own.`);
}

function reason(code: string, port: number, host: string): string {
  if (code === 'EADDRINUSE') return `Port ${port} on ${host} is taken by another program.`;
  if (code === 'EACCES') return `Port ${port} on ${host} may not be used by this user (${code}).`;
  return `Port ${port} on ${host} cannot be used (${code}).`;
}
