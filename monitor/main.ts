/** Starts the monitor on 5555: what the workers do, and the means to control them. */

import type { AddressInfo } from 'node:net';
import { hostname } from 'node:os';
import { AppError } from '#core/errors.ts';
import { newId } from '#platform/clock.ts';
import { agreedSettings } from '#platform/config/agreed-settings.ts';
import { saveService } from '#platform/db/queries/save-service.ts';
import { Loop, type Service } from '#platform/service/service.ts';
import { WINDLASS_VERSION } from '#platform/version.ts';
import { buildMonitor, type MonitorDeps } from './app.ts';

export interface StartedMonitor {
  /** Where the pages are, "http://127.0.0.1:5555". */
  readonly url: string;
  /** Ends the open pages' streams and closes the port. Idempotent. */
  stop(): Promise<void>;
}

/** Listens on `monitorHost:monitorPort`. Throws PORT_TAKEN when another process does already. */
export async function startMonitor(deps: MonitorDeps): Promise<StartedMonitor> {
  const { config, broker, logger } = deps;
  const { app, events } = await buildMonitor(deps, WINDLASS_VERSION);
  const heartbeat = heartbeatOf(deps);
  try {
    await app.listen({ host: config.monitorHost, port: config.monitorPort });
  } catch (cause) {
    await app.close();
    throw toPortTaken(cause, config.monitorHost, config.monitorPort);
  }
  await events.start(broker);
  await heartbeat.start();
  const url = urlOf(app.server.address() as AddressInfo, config.monitorHost);
  logger.info({ event: 'monitor.started', url }, `monitor on ${url}`);

  let stopping: Promise<void> | null = null;
  const stop = async () => {
    await heartbeat.stop();
    await events.stop();
    await app.close();
    logger.info({ event: 'monitor.stopped' }, 'monitor stopped');
  };
  return { url, stop: () => (stopping ??= stop()) };
}

/** One row in `service`, like every long-lived process; the last heartbeat of a clean stop says so. */
function heartbeatOf({ config, db, clock, logger }: MonitorDeps): Service {
  const row = {
    serviceId: `monitor-${newId(clock.now())}`,
    kind: 'monitor',
    hostname: hostname(),
    pid: process.pid,
    version: WINDLASS_VERSION,
    info: { settings: agreedSettings(config) },
  } as const;
  const loop = new Loop({
    name: 'monitor heartbeat',
    clock,
    logger,
    intervalMs: config.serviceHeartbeatMs,
    runOnce: async () => {
      await saveService(db.reserved, row);
      return undefined;
    },
  });
  return {
    start: () => loop.start(),
    stop: async () => {
      await loop.stop();
      await saveService(db.reserved, { ...row, stopped: true }).catch((err: unknown) =>
        // With the database away there is nobody to tell; the silence tells it.
        logger.debug({ event: 'monitor.farewell_failed', err }, 'could not say goodbye to the database'),
      );
    },
  };
}

function urlOf(address: AddressInfo, host: string): string {
  const name = host === '0.0.0.0' || host === '::' ? 'localhost' : host;
  return `http://${name.includes(':') ? `[${name}]` : name}:${address.port}`;
}

function toPortTaken(cause: unknown, host: string, port: number): unknown {
  const code = (cause as NodeJS.ErrnoException).code;
  if (code === 'EADDRINUSE')
    return new AppError(
      'PORT_TAKEN',
      `Port ${port} is taken by another process. Stop it, or set WINDLASS_MONITOR_PORT to a free port.`,
      {},
      { cause },
    );
  if (code === 'EADDRNOTAVAIL' || code === 'EACCES')
    return new AppError(
      'PORT_TAKEN',
      `The monitor cannot listen on ${host}:${port} (${code}). Check WINDLASS_MONITOR_HOST and WINDLASS_MONITOR_PORT.`,
      {},
      { cause },
    );
  return cause;
}
