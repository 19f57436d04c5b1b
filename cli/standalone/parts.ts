/**
 * The parts standalone needs below its roles: Postgres and a broker. It uses those of the settings, and starts
 * private ones for what is not set. A private one that dies is started again at the same address.
 */
import { join } from 'node:path';
import type { Clock } from '#platform/clock.ts';
import type { Config } from '#platform/config/config.ts';
import { findOnPath } from '#platform/config/find-on-path.ts';
import type { DataSecrets } from '#platform/embedded/data-folder.ts';
import { startEmbeddedPostgres } from '#platform/embedded/postgres.ts';
import { startRedisServer } from '#platform/embedded/redis.ts';
import type { Logger } from '#platform/logger.ts';

export interface Parts {
  readonly databaseUrl: string;
  /** Empty: the broker is Postgres. */
  readonly redisUrl: string;
  /** Null with a Postgres of the user's own. */
  readonly warehouseUrl: string | null;
  /** For the start screen. */
  readonly databaseLine: string;
  readonly brokerLine: string;
  readonly brokerIsSlow: boolean;
  readonly notes: readonly string[];
  stop(): Promise<void>;
}

export interface PartsOptions {
  readonly config: Config;
  readonly secrets: DataSecrets;
  readonly clock: Clock;
  readonly logger: Logger;
}

interface Part<T> {
  readonly value: T;
  stop(): Promise<void>;
}

export async function startParts(options: PartsOptions): Promise<Parts> {
  const { config } = options;
  const [postgres, redis] = await Promise.allSettled([
    config.databaseUrl.isSet ? undefined : keepPostgres(options),
    wantsPrivateRedis(config) ? keepRedis(options) : undefined,
  ]);
  if (postgres.status === 'rejected' || redis.status === 'rejected') {
    if (postgres.status === 'fulfilled') await postgres.value?.stop();
    if (redis.status === 'fulfilled') await redis.value?.stop();
    throw postgres.status === 'rejected' ? postgres.reason : (redis as PromiseRejectedResult).reason;
  }
  const embedded = postgres.value?.value;
  const redisUrl = config.broker === 'postgres' ? '' : config.redisUrl.isSet ? config.redisUrl.reveal() : (redis.value?.value.url ?? '');
  return {
    databaseUrl: embedded?.databaseUrl ?? config.databaseUrl.reveal(),
    redisUrl,
    warehouseUrl: embedded?.warehouseUrl ?? null,
    databaseLine: embedded ? `Postgres ${embedded.version}, embedded` : `Postgres of DATABASE_URL (${hostOf(config.databaseUrl.reveal())})`,
    brokerLine: brokerLine(config, redisUrl, redis.value?.value.name),
    brokerIsSlow: redisUrl === '',
    notes: embedded?.note ? [embedded.note] : [],
    async stop() {
      await redis.value?.stop();
      await postgres.value?.stop();
    },
  };
}

function wantsPrivateRedis(config: Config): boolean {
  return config.broker !== 'postgres' && !config.redisUrl.isSet && findRedis() !== undefined;
}

function findRedis(): string | undefined {
  return findOnPath(['redis-server', 'valkey-server']);
}

function brokerLine(config: Config, redisUrl: string, privateName: string | undefined): string {
  if (redisUrl === '') return 'Postgres (about ten times slower than Redis; install redis-server or set REDIS_URL)';
  return privateName === undefined ? `Redis of REDIS_URL (${hostOf(config.redisUrl.reveal())})` : `${privateName}, private`;
}

function hostOf(url: string): string {
  try {
    return new URL(url).host;
  } catch {
    return 'its URL cannot be read';
  }
}

function keepPostgres(options: PartsOptions) {
  const { config, secrets, clock, logger } = options;
  return keepAlive(options, 'Postgres', (previous?: Awaited<ReturnType<typeof startEmbeddedPostgres>>) =>
    startEmbeddedPostgres({ dataFolder: config.dataFolder, secrets, clock, logger, port: previous?.port }),
  );
}

function keepRedis(options: PartsOptions) {
  const { config, clock } = options;
  const program = findRedis() as string;
  return keepAlive(options, 'Redis', async (previous?: Awaited<ReturnType<typeof startRedisServer>> & { name: string }) => {
    const server = await startRedisServer({ program, folder: join(config.dataFolder, 'redis'), clock, again: previous });
    return { ...server, name: program.endsWith('valkey-server') ? 'Valkey' : 'Redis' };
  });
}

const RESTART_MIN_MS = 250;
const RESTART_MAX_MS = 10_000;

/** Starts a part; when it ends unasked, starts it again where the last one was. */
async function keepAlive<T extends { readonly ended: Promise<number>; stop(): Promise<void> }>(
  { clock, logger }: PartsOptions,
  name: string,
  start: (previous?: T) => Promise<T>,
): Promise<Part<T>> {
  const first = await start();
  const stopping = new AbortController();
  let current = first;
  const watch = async () => {
    let delayMs = RESTART_MIN_MS;
    while (!stopping.signal.aborted) {
      const code = await current.ended.catch(() => -1);
      if (stopping.signal.aborted) return;
      logger.error({ event: 'part.ended', part: name, code }, `${name} ended unexpectedly (code ${code}); it is started again`);
      for (let isUp = false; !isUp && !stopping.signal.aborted; ) {
        await clock.sleep(delayMs, stopping.signal);
        try {
          if (!stopping.signal.aborted) current = await start(current);
          isUp = true;
          delayMs = RESTART_MIN_MS;
        } catch (error) {
          delayMs = Math.min(delayMs * 2, RESTART_MAX_MS);
          logger.error({ event: 'part.failed', part: name, err: error }, `${name} does not start: ${(error as Error).message}`);
        }
      }
    }
  };
  const watching = watch();
  return {
    value: first,
    async stop() {
      stopping.abort();
      await current.stop();
      await watching;
      await current.stop(); // one that came up while we stopped
    },
  };
}
