/**
 * The embedded Postgres of standalone: made on the first start, its databases and passwords included, and
 * found again on every later one.
 */
import { join } from 'node:path';
import { AppError } from '#core/errors.ts';
import type { Clock } from '#platform/clock.ts';
import { openDatabase } from '#platform/db/client.ts';
import { ensureDatabase, ensureOwner } from '#platform/db/embedded-databases.ts';
import type { Logger } from '#platform/logger.ts';
import { type DataSecrets, placePostgres } from './data-folder.ts';
import { findPostgresBinaries } from './postgres-binaries.ts';
import { ensureCluster } from './postgres-cluster.ts';
import { startPostgresServer } from './postgres-server.ts';
import { unprivilegedUser } from './unprivileged-user.ts';

export interface EmbeddedPostgres {
  /** Our own database, as its superuser. */
  readonly databaseUrl: string;
  /** A database for the users' tasks, as a role that may enter no other. */
  readonly warehouseUrl: string;
  readonly port: number;
  /** "18.4" */
  readonly version: string;
  /** The cluster's folder. */
  readonly folder: string;
  /** What a person should know of an unusual start, else null. */
  readonly note: string | null;
  readonly isNew: boolean;
  /** Resolves when the server ended, asked or not. */
  readonly ended: Promise<number>;
  stop(): Promise<void>;
}

export interface EmbeddedPostgresOptions {
  readonly dataFolder: string;
  readonly secrets: DataSecrets;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The port of an earlier start, for a restart that others should not notice. */
  readonly port?: number | undefined;
  /** name -> value of postgresql.conf, over our own. */
  readonly settings?: Readonly<Record<string, string>>;
}

const SUPERUSER = 'windlass';
const WAREHOUSE = 'warehouse';

/** The caller holds the data folder's lock. Throws AppErrors that say what to do. */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { dataFolder, secrets, clock, logger } = options;
  const user = unprivilegedUser();
  const place = placePostgres(dataFolder, secrets.instanceId, user);
  const binaries = findPostgresBinaries(user, place.binariesFolder);
  const folder = join(place.folder, 'postgres');
  const isNew = await ensureCluster({ folder, binaries, user, superuser: SUPERUSER, password: secrets.postgresPassword });
  const server = await startPostgresServer({
    folder,
    binaries,
    user,
    logFile: join(dataFolder, 'postgres.log'),
    settings: options.settings ?? {},
    clock,
    port: options.port,
  });
  const urlOf = (role: string, password: string, database: string) => `postgres://${role}:${password}@127.0.0.1:${server.port}/${database}`;
  const admin = openDatabase({
    url: urlOf(SUPERUSER, secrets.postgresPassword, 'postgres'),
    applicationName: 'standalone:setup',
    logger,
    maxConnections: 1,
  });
  try {
    await ensureDatabase(admin, SUPERUSER);
    await ensureDatabase(admin, WAREHOUSE);
    await ensureOwner(admin, WAREHOUSE, secrets.warehousePassword);
  } catch (cause) {
    await server.stop();
    throw explain(cause, folder, dataFolder);
  } finally {
    await admin.close();
  }
  return {
    databaseUrl: urlOf(SUPERUSER, secrets.postgresPassword, SUPERUSER),
    warehouseUrl: urlOf(WAREHOUSE, secrets.warehousePassword, WAREHOUSE),
    port: server.port,
    version: binaries.version.split('.').slice(0, 2).join('.'),
    folder,
    note: place.elsewhere ? `Postgres runs as an unprivileged user, who may not enter ${dataFolder}: its data is in ${folder}` : null,
    isNew,
    ended: server.ended,
    stop: server.stop,
  };
}

function explain(cause: unknown, folder: string, dataFolder: string): unknown {
  if ((cause as { code?: string }).code !== '28P01') return cause;
  return new AppError(
    'DATA_FOLDER_BROKEN',
    `The password in ${join(dataFolder, 'secrets.json')} is not that of the database in ${folder}. Nothing was changed. Restore the file that belongs to it, or move the data folder away to begin with an empty history.`,
    {},
    { cause },
  );
}
