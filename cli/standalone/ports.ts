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
      `${reason(code, port, host)} Windlass wants it for its ${what}. ${code === 'EADDRINUSE' ? 'Stop what uses it, or choose' : 'Choose'} another: ${env}=${otherPort(port)} npm start`,
      {
        port,
        setting: env,
      },
    );
  }
  if (config.webPort !== 0 && config.webPort === config.monitorPort)
    throw new AppError('CONFIG_INVALID', `WINDLASS_WEB_PORT and WINDLASS_MONITOR_PORT are both ${config.webPort}. Give each its own.`);
}

/** Ports below 1024 are for root alone. */
function otherPort(port: number): number {
  return port < 1024 ? port + 8000 : port === 65_535 ? port - 1 : port + 1;
}

function reason(code: string, port: number, host: string): string {
  if (code === 'EADDRINUSE') return `Port ${port} on ${host} is taken by another program.`;
  if (code === 'EACCES') return `Port ${port} on ${host} may not be used by this user (${code}).`;
  return `Port ${port} on ${host} cannot be used (${code}).`;
}
