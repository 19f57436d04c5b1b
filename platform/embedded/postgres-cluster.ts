/**
 * The data folder of the embedded Postgres. It is made beside its final place and moved there when complete,
 * so a folder under the final name was complete once, and a half-made one is known by its name and made again.
 */
import { spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { AppError } from '#core/errors.ts';
import type { PostgresBinaries } from './postgres-binaries.ts';
import { giveTo, type RunAs } from './unprivileged-user.ts';

export interface ClusterOptions {
  /** Final place of the data folder; its parent is made too. */
  readonly folder: string;
  readonly binaries: PostgresBinaries;
  readonly user: RunAs | undefined;
  readonly superuser: string;
  readonly password: string;
}

/** An empty cluster takes 40 MB, and its first write-ahead log files as much again. */
const NEEDED_BYTES = 200 * 1024 * 1024;
/** What every complete data folder has. */
const ESSENTIAL = ['PG_VERSION', 'global/pg_control', 'base', 'pg_wal', 'postgresql.conf', 'pg_hba.conf'];

/** Makes the data folder unless it is there. Returns whether it was made. Throws DATA_FOLDER_BROKEN, DISK_FULL, POSTGRES_FAILED. */
export async function ensureCluster(options: ClusterOptions): Promise<boolean> {
  const { folder } = options;
  const parent = dirname(folder);
  mkdirSync(parent, { recursive: true, mode: 0o755 });
  const partial = `${folder}.initializing`;
  rmSync(partial, { recursive: true, force: true }); // left by an initdb that was killed; it never held data

  if (existsSync(folder) && readdirSync(folder).length > 0) {
    refuseBroken(folder);
    refuseOtherVersion(folder, options.binaries.version);
    return false;
  }
  refuseFullDisk(parent);
  mkdirSync(partial, { mode: 0o700 });
  giveTo(partial, options.user);
  await initdb(options, partial);
  if (existsSync(folder)) rmdirSync(folder);
  renameSync(partial, folder);
  syncFolder(parent);
  return true;
}

function refuseBroken(folder: string): void {
  const missing = ESSENTIAL.filter((name) => !existsSync(join(folder, name)));
  if (missing.length === 0) return;
  throw new AppError(
    'DATA_FOLDER_BROKEN',
    `${folder} is not a complete Postgres data folder: ${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} missing. ` +
      `Nothing was changed. Restore it from a backup, or, to begin with an empty history, move it away: mv ${folder} ${folder}.broken`,
    { folder, missing },
  );
}

function refuseOtherVersion(folder: string, version: string): void {
  const found = readFileSync(join(folder, 'PG_VERSION'), 'utf8').trim();
  const wanted = version.split('.')[0];
  if (found === wanted) return;
  throw new AppError(
    'DATA_FOLDER_BROKEN',
    `${folder} was made by Postgres ${found}, but this Windlass brings Postgres ${wanted}. Nothing was changed. ` +
      `Go back to the Windlass you used before, or dump the database with it and load the dump into a new folder.`,
    { found, wanted },
  );
}

function refuseFullDisk(folder: string): void {
  const { bavail, bsize } = statfsSync(folder);
  if (bavail * bsize >= NEEDED_BYTES) return;
  throw diskFull(folder, `only ${Math.floor((bavail * bsize) / 1_048_576)} MB are free`);
}

/** The error for a disk without room. */
export function diskFull(folder: string, detail: string): AppError {
  return new AppError(
    'DISK_FULL',
    `There is no room for the database under ${folder}: ${detail}. Free at least ${NEEDED_BYTES / 1_048_576} MB there, or set WINDLASS_DATA_FOLDER to a folder on another disk. No data was lost.`,
    { folder },
  );
}

async function initdb(options: ClusterOptions, partial: string): Promise<void> {
  const passwordFile = `${partial}.password`;
  rmSync(passwordFile, { force: true });
  writeFileSync(passwordFile, options.password, { mode: 0o600 });
  giveTo(passwordFile, options.user);
  try {
    const args = [`--pgdata=${partial}`, `--username=${options.superuser}`, `--pwfile=${passwordFile}`];
    args.push('--auth=scram-sha-256', '--encoding=UTF8', '--locale=C', '--data-checksums');
    const { code, output } = await run(join(options.binaries.folder, 'initdb'), args, options.user);
    if (code === 0) return;
    if (/No space left on device|could not extend file/.test(output))
      throw diskFull(dirname(partial), 'the disk filled up while the database was made');
    throw new AppError(
      'POSTGRES_FAILED',
      `Postgres could not make its data folder ${options.folder} (initdb ended with code ${code}): ${lastLines(output)}`,
      { output },
    );
  } finally {
    rmSync(passwordFile, { force: true });
    if (!existsSync(join(partial, 'PG_VERSION'))) rmSync(partial, { recursive: true, force: true });
  }
}

function run(program: string, args: readonly string[], user: RunAs | undefined): Promise<{ code: number; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: '/',
      env: { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...user,
    });
    let output = '';
    const collect = (chunk: Buffer) => {
      output = (output + chunk.toString('utf8')).slice(-16_384);
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.once('error', (cause) =>
      reject(new AppError('POSTGRES_FAILED', `${program} could not be started: ${cause.message}`, {}, { cause })),
    );
    child.once('close', (code) => resolve({ code: code ?? 1, output }));
  });
}

export function lastLines(text: string, count = 4): string {
  return text.trim().split('\n').slice(-count).join(' / ');
}

function syncFolder(folder: string): void {
  const fd = openSync(folder, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
