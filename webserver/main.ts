/** The web server: REST API v2, the pages on 8080 and their private API. */
import { hostname } from 'node:os';
import { AppError } from '#core/errors.ts';
import type { Broker } from '#platform/broker/broker.ts';
import { type Clock, newId } from '#platform/clock.ts';
import { agreedSettings } from '#platform/config/agreed-settings.ts';
import type { Config } from '#platform/config/config.ts';
import type { Database } from '#platform/db/client.ts';
import { saveService } from '#platform/db/queries/save-service.ts';
import type { Logger } from '#platform/logger.ts';
import { openSecretStore, type SecretStore } from '#platform/secrets/secret-store.ts';
import { Loop } from '#platform/service/service.ts';
import { WINDLASS_VERSION } from '#platform/version.ts';
import { buildApp } from './app.ts';

export interface WebserverDeps {
  readonly config: Config;
  readonly db: Database;
  readonly broker: Broker;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Default: environment, then database. */
  readonly secrets?: SecretStore;
}

export interface Webserver {
  /** Where it listens: http://127.0.0.1:8080 */
  readonly url: string;
  stop(): Promise<void>;
}

/** Listens on config.webHost:webPort (0 = any free port). Throws PORT_TAKEN. */
export async function startWebserver(deps: WebserverDeps): Promise<Webserver> {
  const { config, db, clock, logger } = deps;
  const secrets = deps.secrets ?? openSecretStore({ config, db });
  const app = await buildApp({ ...deps, secrets });
  const address = await app.listen({ host: config.webHost, port: config.webPort }).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== 'EADDRINUSE') throw cause;
    throw new AppError(
      'PORT_TAKEN',
      `Port ${config.webPort} on ${config.webHost} is taken by another program. Stop that program, or set WINDLASS_WEB_PORT to a free port.`,
      { port: config.webPort },
      { cause },
    );
  });
  const heartbeat = heartbeatLoop(deps);
  await heartbeat.loop.start();
  logger.info({ event: 'webserver.started', url: address }, `web server on ${address}`);
  let stopped: Promise<void> | null = null;
  return {
    url: address,
    stop() {
      stopped ??= (async () => {
        await app.close();
        await heartbeat.stop();
        logger.info({ event: 'webserver.stopped' }, 'web server stopped');
      })();
      return stopped;
    },
  };

  function heartbeatLoop({ broker }: WebserverDeps) {
    const row = {
      serviceId: `webserver:${newId(clock.now())}`,
      kind: 'webserver',
      hostname: hostname(),
      pid: process.pid,
      version: WINDLASS_VERSION,
      info: { settings: agreedSettings(config), broker: broker.kind, nodeVersion: process.version },
    } as const;
    const loop = new Loop({
      name: 'webserver heartbeat',
      clock,
      logger,
      intervalMs: config.serviceHeartbeatMs,
      async runOnce() {
        await saveService(db.reserved, row);
        return undefined;
      },
    });
    return {
      loop,
      async stop() {
        await loop.stop();
        // With Postgres away the row ages by itself, which says the same a little later.
        await saveService(db.reserved, { ...row, stopped: true }).catch(() => undefined);
      },
    };
  }
}
