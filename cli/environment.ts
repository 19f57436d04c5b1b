/** Opens what commands need: settings, logger, database, broker. Each command closes what it opened. */
import { AppError } from '#core/errors.ts';
import type { Broker } from '#platform/broker/broker.ts';
import { openBroker } from '#platform/broker/open-broker.ts';
import { type Clock, systemClock } from '#platform/clock.ts';
import { type Config, readConfig, Secret } from '#platform/config/config.ts';
import { type Database, openDatabase } from '#platform/db/client.ts';
import { explainConnection } from '#platform/db/explain-connection.ts';
import { checkSchema } from '#platform/db/migrate.ts';
import { createLogger, type Logger } from '#platform/logger.ts';
import { readRunFile } from './run-file.ts';

export const clock: Clock = systemClock;

/** Settings; without DATABASE_URL those of the standalone that runs in this project, if one does. */
export function readCliConfig(): Config {
  const config = readConfig();
  if (config.databaseUrl.isSet) return config;
  const run = readRunFile(config.dataFolder);
  if (run === undefined) return config;
  return Object.freeze({
    ...config,
    databaseUrl: new Secret(run.databaseUrl),
    redisUrl: config.redisUrl.isSet ? config.redisUrl : new Secret(run.redisUrl),
    secretKey: config.secretKey.isSet ? config.secretKey : new Secret(run.secretKey),
  });
}

/** The running standalone's warehouse, as its workers see it; one the user set comes first. */
export function withWarehouse(config: Config): Config {
  const warehouse = readRunFile(config.dataFolder)?.warehouseUrl;
  if (!warehouse || config.connections.has('warehouse')) return config;
  return Object.freeze({ ...config, connections: new Map([...config.connections, ['warehouse', new Secret(warehouse)]]) });
}

export function loggerFor(config: Config, service: string, level: string = config.logLevel): Logger {
  const format = config.logFormat === 'auto' ? (process.stderr.isTTY ? 'pretty' : 'json') : config.logFormat;
  return createLogger({ level, format: format === 'pretty' ? 'pretty' : 'json', service });
}

/** Throws CONFIG_INVALID, saying how to get a database, when there is none to talk to. */
export function requireDatabaseUrl(config: Config): string {
  if (config.databaseUrl.isSet) return config.databaseUrl.reveal();
  throw new AppError(
    'CONFIG_INVALID',
    `There is no database to talk to: DATABASE_URL is empty, and no Windlass runs with the data folder ${config.dataFolder}. ` +
      'Start one (npm start), or set DATABASE_URL=postgres://user:password@host:5432/windlass.',
  );
}

export interface CliDeps {
  readonly config: Config;
  readonly db: Database;
  readonly logger: Logger;
  /** Opened on first use, closed with the rest. */
  broker(): Promise<Broker>;
}

/** The database as it is, migrated or not; the caller closes it. Throws DATABASE_UNAVAILABLE. */
export async function openCliDatabase(): Promise<{ config: Config; db: Database; logger: Logger }> {
  const config = readCliConfig();
  const logger = loggerFor(config, 'cli', 'warn');
  const db = openDatabase({ url: requireDatabaseUrl(config), applicationName: 'cli', logger, maxConnections: 4 });
  try {
    (await db.pool.connect()).release();
    return { config, db, logger };
  } catch (error) {
    await db.close();
    throw explainConnection(error, db.url) ?? error;
  }
}

/** Runs `work` with a migrated database and closes everything after it. */
export async function withDatabase<T>(work: (deps: CliDeps) => Promise<T>): Promise<T> {
  const { config, db, logger } = await openCliDatabase();
  let broker: Promise<Broker> | undefined;
  try {
    await checkSchema(db);
    return await work({
      config,
      db,
      logger,
      broker() {
        broker ??= openBroker(config, db, logger, clock);
        return broker;
      },
    });
  } finally {
    await (await broker?.catch(() => undefined))?.close();
    await db.close();
  }
}
