/**
 * `windlass standalone`, what `npm start` runs: everything on one machine, from nothing. Starts Postgres and
 * Redis where none are given, migrates, makes the first admin, then runs each role as a process of its own.
 */
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';
import { AppError } from '#core/errors.ts';
import { ensureFirstAdmin, issueToken } from '#platform/auth/users.ts';
import { childEnvironment, wasStartedByNpm } from '#platform/config/child-environment.ts';
import { type Config, readConfig } from '#platform/config/config.ts';
import { openDatabase } from '#platform/db/client.ts';
import { explainConnection } from '#platform/db/explain-connection.ts';
import { migrate } from '#platform/db/migrate.ts';
import { type DataSecrets, openDataSecrets } from '#platform/embedded/data-folder.ts';
import { lockDataFolder } from '#platform/embedded/instance-lock.ts';
import type { Logger } from '#platform/logger.ts';
import { clock, loggerFor } from '../environment.ts';
import { print, say } from '../output.ts';
import { removeRunFile, writeRunFile } from '../run-file.ts';
import { type RoleName, stopLimitMs, stopRequests } from '../run-role.ts';
import { explainFileError } from './explain-file-error.ts';
import { type Parts, startParts } from './parts.ts';
import { checkPorts } from './ports.ts';
import { RoleLog } from './role-log.ts';
import { RoleProcess } from './role-process.ts';
import { databaseNow, followRuns } from './run-lines.ts';
import { startScreen } from './start-screen.ts';

/** Stopped in this order: first those who give work, last those who do it. */
const STOP_ORDER: readonly (readonly RoleName[])[] = [['webserver', 'monitor'], ['scheduler'], ['worker']];
const LOGIN_LINK_TTL_MS = 60 * 60 * 1000;
const BUILD_UI = fileURLToPath(new URL('../../scripts/build-ui.ts', import.meta.url));

type Cleanup = () => Promise<void> | void;

/** Resolves with the exit code when everything has stopped again. */
export async function runStandalone(): Promise<number> {
  const startedAt = clock.monotonic();
  const config = readConfig();
  const logger = loggerFor(config, 'standalone', 'warn');
  const stopping = stopRequests(logger);
  if (wasStartedByNpm()) void stopWithParent(stopping.signal);
  const cleanups: Cleanup[] = [];
  try {
    const start = startAll(config, logger, startedAt, cleanups);
    const stopped = stopping.requested.then(() => 'stopped' as const);
    if ((await Promise.race([start, stopped])) === 'stopped') {
      say('\n  Stopping before everything was up …');
      await start.catch(() => {});
      return 0;
    }
    await stopped;
    say('\n  Stopping … running tasks get a moment to finish (Ctrl-C again ends them at once)');
    return 0;
  } catch (error) {
    throw explainFileError(error, config);
  } finally {
    for (const cleanup of cleanups.reverse()) await cleanup();
    if (stopping.signal.aborted) say('  Stopped.');
  }
}

const PARENT_WATCH_MS = 1_000;

/** `npm start` that is killed hard cannot pass the signal on; nobody would stop us then, and the ports stay taken. */
async function stopWithParent(signal: AbortSignal): Promise<void> {
  const parent = process.ppid;
  while (await clock.sleep(PARENT_WATCH_MS, signal)) if (process.ppid !== parent) process.kill(process.pid, 'SIGTERM');
}

async function startAll(config: Config, logger: Logger, startedAt: number, cleanups: Cleanup[]): Promise<void> {
  const lock = lockDataFolder(config.dataFolder, clock);
  cleanups.push(() => lock.release());
  await checkPorts(config);
  for (const folder of [config.dagsFolder, config.pluginsFolder, config.logsFolder, config.scratchFolder])
    mkdirSync(folder, { recursive: true });
  const secrets = openDataSecrets(config.dataFolder);

  const [parts] = await settleAll([startPartsInto(cleanups, { config, secrets, logger }), buildUi()]);
  const db = openDatabase({ url: parts.databaseUrl, applicationName: 'standalone', logger, maxConnections: 2 });
  cleanups.push(() => db.close());
  await migrate(db).catch((error: unknown) => {
    throw explainConnection(error, db.url) ?? error;
  });
  const admin = await ensureFirstAdmin(db, config.adminPassword);
  const login = await issueToken(db, { username: admin.username, kind: 'one_time', ttlMs: LOGIN_LINK_TTL_MS });

  const startedRolesAt = await databaseNow(db);
  const roles = startRoles(config, parts, secrets, cleanups);
  // The first one that cannot start is enough: the others are stopped in the clean-up.
  await Promise.all([...roles.values()].map((role) => role.start()));
  const webUrl = shownUrl(roles.get('webserver')?.url ?? null, config.webHost, config.webPort);
  const monitorUrl = shownUrl(roles.get('monitor')?.url ?? null, config.monitorHost, config.monitorPort);
  writeRunFile(config.dataFolder, {
    databaseUrl: parts.databaseUrl,
    redisUrl: parts.redisUrl,
    secretKey: secretKeyOf(config, secrets),
    warehouseUrl: parts.warehouseUrl ?? '',
    webUrl,
    monitorUrl,
  });
  cleanups.push(() => removeRunFile(config.dataFolder));
  print(
    startScreen({
      readyAfterMs: clock.monotonic() - startedAt,
      webUrl,
      monitorUrl,
      loginUrl: `${webUrl}/auth/login?token=${login.token}`,
      username: admin.username,
      password: passwordLine(config, admin.password),
      database: parts.databaseLine,
      broker: parts.brokerLine,
      brokerIsSlow: parts.brokerIsSlow,
      dataFolder: config.dataFolder,
      dagsFolder: config.dagsFolder,
      logsFolder: config.logsFolder,
      notes: parts.notes,
    }),
  );
  cleanups.push(followRuns(db, clock, startedRolesAt));
  flushCompileCache();
}

async function startPartsInto(cleanups: Cleanup[], options: { config: Config; secrets: DataSecrets; logger: Logger }): Promise<Parts> {
  const parts = await startParts({ ...options, clock });
  cleanups.push(() => parts.stop());
  return parts;
}

/** Like Promise.all, but waits for all of them: nothing must still be starting while others are being stopped. */
async function settleAll<T extends readonly unknown[]>(promises: readonly [...{ [K in keyof T]: Promise<T[K]> }]): Promise<T> {
  const results = await Promise.allSettled(promises);
  const failed = results.find((result): result is PromiseRejectedResult => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return results.map((result) => (result as PromiseFulfilledResult<unknown>).value) as unknown as T;
}

function startRoles(config: Config, parts: Parts, secrets: DataSecrets, cleanups: Cleanup[]): Map<RoleName, RoleProcess> {
  const given = childEnvironment();
  const piped: Record<string, string> = {
    ...given.secrets,
    DATABASE_URL: parts.databaseUrl,
    REDIS_URL: parts.redisUrl,
    WINDLASS_SECRET_KEY: secretKeyOf(config, secrets),
  };
  if (parts.warehouseUrl !== null && !config.connections.has('warehouse')) piped['WINDLASS_CONN_WAREHOUSE'] = parts.warehouseUrl;
  const roles = new Map<RoleName, RoleProcess>();
  const logs: RoleLog[] = [];
  for (const role of STOP_ORDER.flat()) {
    const log = new RoleLog(config.logsFolder, role);
    logs.push(log);
    roles.set(
      role,
      new RoleProcess({
        role,
        flags: role === 'scheduler' ? ['--with-triggerer'] : [],
        environment: given.environment,
        secrets: piped,
        log,
        clock,
        stopLimitMs: stopLimitMs(role, config) + 2_000,
      }),
    );
  }
  cleanups.push(async () => {
    for (const group of STOP_ORDER) await Promise.all(group.map((role) => roles.get(role)?.stop()));
    for (const log of logs) log.close();
  });
  return roles;
}

function secretKeyOf(config: Config, secrets: DataSecrets): string {
  return config.secretKey.isSet ? config.secretKey.reveal() : secrets.secretKey;
}

function passwordLine(config: Config, password: string | null): string {
  if (password === null) return 'password unchanged since the first start';
  if (config.adminPassword.isSet) return 'password from WINDLASS_ADMIN_PASSWORD';
  return `password ${password}  (shown only this once)`;
}

/** Where a browser on this machine finds it: the port is the one it got, the name one that people type. */
function shownUrl(url: string | null, host: string, port: number): string {
  const name = ['127.0.0.1', '0.0.0.0', '::', '::1'].includes(host) ? 'localhost' : host;
  return `http://${name}:${url === null ? port : new URL(url).port || 80}`;
}

/** In a process of its own: takes 50 ms when nothing changed, and the build tools stay out of this one. */
function buildUi(): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [BUILD_UI], { stdio: ['ignore', 'inherit', 'inherit'] });
    child.once('error', reject);
    child.once('exit', (code) =>
      code === 0
        ? resolve()
        : reject(new AppError('INTERNAL', 'The pages could not be built; see above. Try: npm install && npm run build:ui')),
    );
  });
}
