/**
 * The data folder of standalone and the secrets in it: made once, readable by their owner alone. Also where the
 * parts lie that an unprivileged Postgres must reach.
 */
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, realpathSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '#core/errors.ts';
import { newSecret } from '#platform/clock.ts';
import { canTraverse, type RunAs } from './unprivileged-user.ts';

export interface DataSecrets {
  /** Tells this data folder from a later one at the same path. */
  readonly instanceId: string;
  readonly postgresPassword: string;
  readonly warehousePassword: string;
  /** Encrypts connections and variables at rest unless WINDLASS_SECRET_KEY is set. */
  readonly secretKey: string;
}

/** Where data goes whose own folder the unprivileged user may not enter. */
const SHARED_FOLDER = '/var/lib/windlass';

/** What says that a folder is somebody else's: a database among their files would be lost with the next clean-up. */
const FOREIGN: readonly (readonly [file: string, what: string])[] = [
  ['PG_VERSION', 'the data folder of a Postgres that Windlass did not start'],
  ['dump.rdb', 'the data folder of a Redis'],
  ['appendonlydir', 'the data folder of a Redis'],
  ['airflow.cfg', 'the home of an Airflow'],
  ['package.json', 'a project'],
  ['.git', 'a git repository'],
];

/** Reads the secrets, or makes them in a folder that has no database yet. Throws DATA_FOLDER_BROKEN. */
export function openDataSecrets(folder: string): DataSecrets {
  const path = join(folder, 'secrets.json');
  if (existsSync(path)) return readSecrets(path);
  const foreign = FOREIGN.find(([file]) => existsSync(join(folder, file)));
  if (foreign !== undefined)
    throw new AppError(
      'DATA_FOLDER_BROKEN',
      `${folder} is ${foreign[1]} (it has ${foreign[0]}), and no data folder of Windlass. Nothing was changed. Set WINDLASS_DATA_FOLDER to a folder of its own, for example ${join(folder, '.windlass')}.`,
    );
  if (existsSync(join(folder, 'postgres')))
    throw new AppError(
      'DATA_FOLDER_BROKEN',
      `${folder} has a database, but ${path}, which holds its password and key, is missing. Nothing was changed. Restore the file, or, to begin with an empty history, move the folder away: mv ${folder} ${folder}.broken`,
    );
  const secrets: DataSecrets = {
    instanceId: newSecret(9).replace(/[^A-Za-z0-9]/g, '0'),
    postgresPassword: newSecret(24),
    warehousePassword: newSecret(24),
    secretKey: newSecret(32),
  };
  writeDurably(path, `${JSON.stringify(secrets, null, 2)}\n`);
  return secrets;
}

function readSecrets(path: string): DataSecrets {
  try {
    const secrets = JSON.parse(readFileSync(path, 'utf8')) as DataSecrets;
    if (typeof secrets !== 'object' || secrets === null) throw new Error('it holds no JSON object');
    for (const name of ['instanceId', 'postgresPassword', 'warehousePassword', 'secretKey'] as const)
      if (typeof secrets[name] !== 'string' || secrets[name] === '') throw new Error(`it has no ${name}`);
    return secrets;
  } catch (cause) {
    throw new AppError(
      'DATA_FOLDER_BROKEN',
      `${path} cannot be read (${(cause as Error).message}). Nothing was changed. Restore the file from a backup, or move the data folder away to begin with an empty history.`,
      {},
      { cause },
    );
  }
}

/** Whole or not at all, also through a crash of the machine. Mode 0600. */
export function writeDurably(path: string, text: string): void {
  const partial = `${path}.partial-${process.pid}`;
  const fd = openSync(partial, 'w', 0o600);
  try {
    writeSync(fd, text);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(partial, path);
}

export interface PostgresPlace {
  /** Parent of the cluster's folder. */
  readonly folder: string;
  /** True when it is not in the data folder, because the unprivileged user could not get there. */
  readonly elsewhere: boolean;
  /** Where a copy of the binaries goes, should one be needed. */
  readonly binariesFolder: string;
}

/** Decides where the cluster lies; the same answer at every start of the same data folder. */
export function placePostgres(dataFolder: string, instanceId: string, user: RunAs | undefined): PostgresPlace {
  const shared = { binariesFolder: user === undefined ? dataFolder : SHARED_FOLDER };
  const own = join(SHARED_FOLDER, instanceId);
  if (!existsSync(own) && (canTraverse(realpathSync(dataFolder), user) || existsSync(join(dataFolder, 'postgres'))))
    return { folder: realpathSync(dataFolder), elsewhere: false, ...shared };
  try {
    mkdirSync(own, { recursive: true, mode: 0o755 });
  } catch (cause) {
    throw new AppError(
      'DATA_FOLDER_BROKEN',
      `Postgres must not run as root, and no other user may enter ${dataFolder}. ${own} would do, but cannot be made: ${(cause as Error).message}. Set WINDLASS_DATA_FOLDER to a folder that everybody may enter, for example /srv/windlass.`,
      {},
      { cause },
    );
  }
  return { folder: own, elsewhere: true, ...shared };
}
