/**
 * Starts and stops the Postgres of one data folder. One that a killed Windlass left running is stopped first;
 * the data folder's own lock (postmaster.pid) keeps two servers apart whatever happens.
 */
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '#core/errors.ts';
import type { Clock } from '#platform/clock.ts';
import { freePort } from './free-port.ts';
import { type GuardedProcess, spawnGuarded } from './guarded-process.ts';
import type { PostgresBinaries } from './postgres-binaries.ts';
import { diskFull, lastLines } from './postgres-cluster.ts';
import { isAlive, processCommand } from './process-identity.ts';
import type { RunAs } from './unprivileged-user.ts';

export interface ServerOptions {
  readonly folder: string;
  readonly binaries: PostgresBinaries;
  readonly user: RunAs | undefined;
  readonly logFile: string;
  /** name -> value of postgresql.conf, over our own. */
  readonly settings: Readonly<Record<string, string>>;
  readonly clock: Clock;
  /** Wanted port; another is taken when somebody else has it. Undefined: any. */
  readonly port?: number | undefined;
}

export interface PostgresServer {
  readonly port: number;
  /** Resolves when the server ended without being asked. */
  readonly ended: Promise<number>;
  stop(): Promise<void>;
}

const SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '200',
  shared_buffers: '128MB',
  max_wal_size: '2GB',
  min_wal_size: '160MB',
  checkpoint_timeout: '15min',
  wal_compression: 'pglz',
  random_page_cost: '1.1',
  jit: 'off',
  // Rows of task_instance change state many times within a second; vacuum early and without pauses.
  autovacuum_vacuum_scale_factor: '0.05',
  autovacuum_analyze_scale_factor: '0.02',
  autovacuum_vacuum_cost_delay: '0',
  autovacuum_naptime: '15s',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_line_prefix: '%m [%p] %a ',
  log_checkpoints: 'off',
  client_connection_check_interval: '10s',
};

const START_DEADLINE_MS = 60_000;
const STOP_DEADLINE_MS = 30_000;
const PORT_TRIES = 5;

export async function startPostgresServer(options: ServerOptions): Promise<PostgresServer> {
  await stopLeftover(options.folder, options.clock);
  const stale = readPidFile(options.folder)?.text;
  for (let attempt = 1; ; attempt++) {
    const port = attempt === 1 && options.port !== undefined ? options.port : await freePort();
    const logStart = existsSync(options.logFile) ? statSync(options.logFile).size : 0;
    const guarded = spawnServer(options, port);
    const ready = await waitUntilReady(options, guarded, stale);
    if (ready) return { port, ended: guarded.ended, stop: () => guarded.stop(STOP_DEADLINE_MS) };
    await guarded.stop(0);
    const log = existsSync(options.logFile) ? readFileSync(options.logFile, 'utf8').slice(logStart) : '';
    const another = attempt < PORT_TRIES && /Address already in use|pre-existing shared memory block/.test(log);
    if (!another) throw startFailure(options.folder, log, options.logFile);
    await options.clock.sleep(200 * attempt);
  }
}

function spawnServer(options: ServerOptions, port: number): GuardedProcess {
  const settings = Object.entries({ ...SETTINGS, ...options.settings }).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  return spawnGuarded({
    program: join(options.binaries.folder, 'postgres'),
    args: ['-D', options.folder, '-p', String(port), ...settings],
    user: options.user,
    failure: 'POSTGRES_FAILED',
    stopSignal: 'INT', // "fast": ends sessions, writes a checkpoint, loses nothing
    logFile: options.logFile,
    environment: { LC_ALL: 'C', TZ: 'UTC' },
    clock: options.clock,
  });
}

/** The eighth line of postmaster.pid says "ready" once connections are taken. */
async function waitUntilReady(options: ServerOptions, guarded: GuardedProcess, stale: string | undefined): Promise<boolean> {
  const { clock } = options;
  const deadline = clock.monotonic() + START_DEADLINE_MS;
  while (!guarded.hasEnded() && clock.monotonic() < deadline) {
    const found = readPidFile(options.folder);
    if (found !== undefined && found.text !== stale && found.status === 'ready') return true;
    await clock.sleep(10);
  }
  return false;
}

function readPidFile(folder: string): { pid: number; status: string; text: string } | undefined {
  try {
    const text = readFileSync(join(folder, 'postmaster.pid'), 'utf8');
    const lines = text.split('\n');
    return { pid: Number(lines[0]), status: lines[7]?.trim() ?? '', text };
  } catch {
    return undefined;
  }
}

/** A pid no system gives out: Postgres then takes its lock file for stale, but still looks for left-over backends. */
const NO_PID = '2147483646';

/** Stops a server that a killed Windlass left behind. */
async function stopLeftover(folder: string, clock: Clock): Promise<void> {
  const pidFile = join(folder, 'postmaster.pid');
  const found = readPidFile(folder);
  if (found === undefined) return;
  const ours = isAlive(found.pid) && /postgres/.test(processCommand(found.pid)) && processCommand(found.pid).includes(folder);
  if (!ours) {
    // The pid may belong to a stranger by now, whom Postgres would take for a running server.
    if (isAlive(found.pid)) writeFileSync(pidFile, found.text.replace(/^\d+/, NO_PID));
    return;
  }
  process.kill(found.pid, 'SIGINT');
  const deadline = clock.monotonic() + STOP_DEADLINE_MS;
  while (isAlive(found.pid) && existsSync(pidFile)) {
    if (clock.monotonic() > deadline)
      throw new AppError(
        'ALREADY_RUNNING',
        `A Postgres that an earlier Windlass left running (pid ${found.pid}, data folder ${folder}) does not stop. Stop it with: kill -QUIT ${found.pid}`,
        { pid: found.pid, folder },
      );
    await clock.sleep(20);
  }
}

function startFailure(folder: string, log: string, logFile: string): AppError {
  if (/No space left on device/.test(log)) return diskFull(folder, 'Postgres found the disk full while starting');
  if (/lock file "postmaster.pid" already exists/.test(log))
    return new AppError('ALREADY_RUNNING', `Another Postgres uses ${folder}. Stop it, or set WINDLASS_DATA_FOLDER to another folder.`, {
      folder,
    });
  const fatal = log.split('\n').filter((line) => /FATAL|PANIC|ERROR|HINT|DETAIL/.test(line));
  const said = fatal.length > 0 ? lastLines(fatal.join('\n'), 3) : lastLines(log);
  const code =
    /incompatible with server|could not locate a valid checkpoint|invalid (primary )?checkpoint|is not a database cluster|incorrect checksum in control file|could not open file/.test(
      log,
    )
      ? 'DATA_FOLDER_BROKEN'
      : 'POSTGRES_FAILED';
  return new AppError(
    code,
    `The embedded Postgres did not start on ${folder}: ${said || 'it said nothing'}. Nothing was changed; its log is ${logFile}.` +
      (code === 'DATA_FOLDER_BROKEN'
        ? ` Restore the folder from a backup, or move it away to begin anew: mv ${folder} ${folder}.broken`
        : ''),
    { folder },
  );
}
