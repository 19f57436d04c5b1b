/**
 * The frame around one long-lived process (scheduler, worker, triggerer, web server, monitor): opens its parts, waits for
 * the database with back-off, starts it, and stops it on a signal or when its parent is gone.
 */
import { flushCompileCache } from 'node:module';
import { type AppError, isAppError } from '#core/errors.ts';
import type { Broker } from '#platform/broker/broker.ts';
import { openBroker } from '#platform/broker/open-broker.ts';
import type { Clock } from '#platform/clock.ts';
import type { Config } from '#platform/config/config.ts';
import { type Database, openDatabase } from '#platform/db/client.ts';
import { explainConnection } from '#platform/db/explain-connection.ts';
import { checkSchema } from '#platform/db/migrate.ts';
import { reachReserved } from '#platform/db/queries/care/reach-reserved.ts';
import type { Logger } from '#platform/logger.ts';
import { clock, loggerFor, readCliConfig, requireDatabaseUrl } from './environment.ts';
import { checkAtStart } from './start-checks.ts';

export interface RoleDeps {
  readonly config: Config;
  readonly db: Database;
  readonly broker: Broker;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What a role's main.ts gives back. `url` is where it serves, if it does. */
export interface RunningRole {
  stop(): Promise<void>;
  readonly url?: string;
  /** Takes nothing more, and resolves when all that it does has ended, however long that takes. */
  retire?(): Promise<void>;
  /** Resolves when the role stopped by itself, because an operator asked it to on the monitor. */
  readonly stopped?: Promise<void>;
}

export type RoleName = 'scheduler' | 'worker' | 'triggerer' | 'webserver' | 'monitor';

/** Said to the parent over IPC once everything works. */
export interface RoleReady {
  readonly type: 'ready';
  readonly role: RoleName;
  readonly url: string | null;
}

export interface RoleOptions {
  readonly role: RoleName;
  readonly start: (deps: RoleDeps) => Promise<RunningRole>;
  /** Changes to the settings by flags of the command line. */
  readonly overrides?: Partial<Config>;
}

/** Their statements move rows they know the ids of. */
const NEVER_SCAN: ReadonlySet<RoleName> = new Set(['scheduler', 'worker']);
/** On top of the time a role needs for its own stop. */
const STOP_MARGIN_MS = 5_000;
/** A stop with the parent gone: its Postgres and Redis are gone too, so there is little left to do. */
const ORPHAN_STOP_MS = 5_000;
/** A newer Windlass has migrated the database: whoever starts processes should not start this one again. */
export const EXIT_TOO_OLD = 57;
const SCHEMA_LOOK_MS = 5_000;
const RESERVED_TIMEOUT_MIN_MS = 1_000;
const RETRY_MIN_MS = 200;
const RETRY_MAX_MS = 5_000;
/** A terminal's Ctrl-C may reach us twice, directly and through npm; only a later one means "at once". */
const SECOND_SIGNAL_AFTER_MS = 1_000;

/** Resolves with the exit code, when the role has stopped. */
export async function runRole(options: RoleOptions): Promise<number> {
  const config: Config = Object.freeze({ ...readCliConfig(), ...options.overrides });
  const logger = loggerFor(config, options.role);
  const stopping = stopRequests(logger);
  const db = openDatabase({
    url: requireDatabaseUrl(config),
    applicationName: `${options.role}:${process.pid}`,
    logger,
    neverScans: NEVER_SCAN.has(options.role),
    reservedTimeoutMs: reservedTimeoutMs(config),
  });
  let broker: Broker | undefined;
  let role: RunningRole | undefined;
  let exitCode = 0;
  try {
    await waitForDatabase(db, logger, stopping.signal);
    if (stopping.signal.aborted) return 0;
    broker = await waitForBroker({ config, db, logger, signal: stopping.signal });
    if (broker === undefined) return 0;
    role = await options.start({ config, db, broker, clock, logger });
    logger.info({ event: 'role.started', url: role.url }, `${options.role} is ready${role.url ? ` on ${role.url}` : ''}`);
    process.send?.({ type: 'ready', role: options.role, url: role.url ?? null } satisfies RoleReady);
    flushCompileCache();
    void checkAtStart({ config, db, broker, logger });
    const watch = watchSchema(db, stopping.signal);
    const reason = await Promise.race([stopping.requested, askedToStop(role), watch]);
    if (isAppError(reason)) {
      exitCode = EXIT_TOO_OLD;
      logger.fatal(
        { event: 'role.too_old', err: reason },
        `${reason.message} ${options.role} takes nothing more, lets what runs end, and stops.`,
      );
      await Promise.race([role.retire?.(), stopping.requested]);
    } else logger.info({ event: 'role.stopping', reason }, `${options.role} stops (${reason})`);
  } catch (error) {
    logger.fatal({ event: 'role.failed', err: error }, failureText(options.role, error));
    await closeWithin(ORPHAN_STOP_MS, [() => role?.stop(), () => broker?.close(), () => db.close()]);
    return isAppError(error) && error.code === 'SCHEMA_TOO_NEW' ? EXIT_TOO_OLD : 1;
  }
  const limitMs = stopping.orphaned() ? ORPHAN_STOP_MS : stopLimitMs(options.role, config);
  const clean = await closeWithin(limitMs, [() => role?.stop(), () => broker?.close(), () => db.close()]);
  if (clean) logger.info({ event: 'role.stopped' }, `${options.role} has stopped`);
  else logger.warn({ event: 'role.stop_timed_out', limit_ms: limitMs }, `${options.role} did not stop within ${limitMs} ms and is ended`);
  return clean ? exitCode : 1;
}

/** Resolves with what is wrong once a newer Windlass has changed what this one relies on. A database that is away says nothing of that. */
async function watchSchema(db: Database, signal: AbortSignal): Promise<AppError> {
  while (await clock.sleep(SCHEMA_LOOK_MS, signal)) {
    const wrong = await checkSchema(db).then(
      () => undefined,
      (error: unknown) => error,
    );
    if (isAppError(wrong) && wrong.code === 'SCHEMA_TOO_NEW') return wrong;
  }
  return new Promise(() => {});
}

/** Resolves when the role has ended by itself; never for a role that does not do that. */
function askedToStop(role: RunningRole): Promise<string> {
  return role.stopped === undefined ? new Promise(() => {}) : role.stopped.then(() => 'an operator asked for it');
}

/** So that a lease can be renewed a few times more after a request that got no answer. */
function reservedTimeoutMs({ leaseTtlMs, shardLeaseTtlMs }: Config): number {
  return Math.max(RESERVED_TIMEOUT_MIN_MS, Math.min(leaseTtlMs, shardLeaseTtlMs) / 5);
}

/** How long a role may take to stop. */
export function stopLimitMs(role: RoleName, config: Config): number {
  return (role === 'worker' ? config.workerDrainMs + config.taskKillGraceMs : 5_000) + STOP_MARGIN_MS;
}

function failureText(role: RoleName, error: unknown): string {
  return isAppError(error) ? error.message : `${role} failed: ${(error as Error).message}`;
}

/** Database not there yet: wait. Wrong or missing schema, wrong password: say so at once. */
async function waitForDatabase(db: Database, logger: Logger, signal: AbortSignal): Promise<void> {
  for (let delayMs = RETRY_MIN_MS; !signal.aborted; delayMs = Math.min(delayMs * 2, RETRY_MAX_MS)) {
    try {
      await checkSchema(db);
      await reachReserved(db);
      return;
    } catch (error) {
      if (isAppError(error) && error.code !== 'DATABASE_UNAVAILABLE') throw error;
      const explained = explainConnection(error, db.url);
      if (explained?.details['final'] === true) throw explained;
      logger.warn(
        { event: 'database.waiting', retry_ms: delayMs },
        explained?.message ?? `The database does not answer: ${(error as Error).message}`,
      );
      await clock.sleep(delayMs, signal);
    }
  }
}

/** Redis not there yet: wait. A wrong address or password, which no waiting mends: say so at once. Undefined = told to stop meanwhile. */
async function waitForBroker({ config, db, logger, signal }: BrokerWait): Promise<Broker | undefined> {
  for (let delayMs = RETRY_MIN_MS; !signal.aborted; delayMs = Math.min(delayMs * 2, RETRY_MAX_MS)) {
    try {
      return await openBroker(config, db, logger, clock);
    } catch (error) {
      if (!isAppError(error) || error.code !== 'BROKER_UNAVAILABLE' || error.details['final'] === true) throw error;
      logger.warn({ event: 'broker.waiting', retry_ms: delayMs }, `${error.message} Waiting for it.`);
      await clock.sleep(delayMs, signal);
    }
  }
  return undefined;
}

/** Runs the steps in order, whatever fails; false when they were not done in time. */
async function closeWithin(limitMs: number, steps: readonly (() => Promise<void> | undefined)[]): Promise<boolean> {
  const deadline = new AbortController();
  const all = (async () => {
    for (const step of steps) await step()?.catch(() => {});
    return true;
  })();
  const done = await Promise.race([all, clock.sleep(limitMs, deadline.signal).then(() => false)]);
  deadline.abort();
  return done;
}

interface BrokerWait {
  readonly config: Config;
  readonly db: Database;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

interface StopRequests {
  readonly requested: Promise<string>;
  readonly signal: AbortSignal;
  orphaned(): boolean;
}

/** The first signal asks to stop; a second one, a second later or more, ends the process at once. */
export function stopRequests(logger: Logger): StopRequests {
  const controller = new AbortController();
  let firstAt = 0;
  let orphaned = false;
  const requested = new Promise<string>((resolve) => {
    const request = (reason: string) => {
      if (!controller.signal.aborted) {
        firstAt = clock.monotonic();
        controller.abort();
        resolve(reason);
      } else if (clock.monotonic() - firstAt > SECOND_SIGNAL_AFTER_MS && reason !== 'parent is gone') {
        logger.warn({ event: 'role.forced' }, 'ended at once, on the second signal');
        process.exit(1);
      }
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => request(signal));
    process.on('disconnect', () => {
      orphaned = true;
      request('parent is gone');
    });
  });
  // Node's own warnings go into the log; those about the future of some API are for developers, not for the terminal.
  process.removeAllListeners('warning');
  process.on('warning', (warning) => {
    const isForDevelopers = warning.name === 'DeprecationWarning' || warning.name === 'ExperimentalWarning';
    logger[isForDevelopers ? 'debug' : 'warn']({ event: 'process.warning', err: warning }, `${warning.name}: ${warning.message}`);
  });
  process.on('unhandledRejection', (error) => {
    logger.fatal(
      { event: 'process.unhandled_rejection', err: error },
      `a promise failed that nobody waited for: ${(error as Error)?.message}`,
    );
    process.exit(1);
  });
  return { requested, signal: controller.signal, orphaned: () => orphaned };
}
