/** The servers below a cluster: a durable Postgres as `npm start` runs it, and a Redis, both of the benchmark's own. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '#platform/clock.ts';
import { findOnPath } from '#platform/config/find-on-path.ts';
import { openDataSecrets } from '#platform/embedded/data-folder.ts';
import { startEmbeddedPostgres } from '#platform/embedded/postgres.ts';
import { startRedisServer } from '#platform/embedded/redis.ts';
import { quietLogger } from '#platform/logger.ts';
import { PROFILED_POSTGRES } from './profiles.ts';

export interface Servers {
  readonly folder: string;
  readonly databaseUrl: string;
  readonly redisUrl: string;
  readonly secretKey: string;
  readonly versions: string;
  /** Everything is profiled: figures are a little worse. */
  readonly profiled: boolean;
  stop(): Promise<void>;
}

/** Starts both in a folder of their own below the system's temporary one. */
export async function startServers(profiled = false): Promise<Servers> {
  const program = findOnPath(['redis-server', 'valkey-server']);
  if (program === undefined) throw new Error('The benchmarks need redis-server. Install it with: apt-get install redis-server');
  const folder = mkdtempSync(join(tmpdir(), 'windlass-bench-'));
  // As root, Postgres runs as another user, who must be able to get in here.
  chmodSync(folder, 0o755);
  for (const name of ['data', 'redis']) mkdirSync(join(folder, name));
  const secrets = openDataSecrets(join(folder, 'data'));
  const dataFolder = join(folder, 'data');
  const postgres = await startEmbeddedPostgres({
    dataFolder,
    secrets,
    clock: systemClock,
    logger: quietLogger(),
    settings: profiled ? PROFILED_POSTGRES : {},
  });
  const redis = await startRedisServer({ program, folder: join(folder, 'redis'), clock: systemClock });
  return {
    folder,
    databaseUrl: postgres.databaseUrl,
    redisUrl: redis.url,
    secretKey: secrets.secretKey,
    profiled,
    versions: `Postgres ${postgres.version} (synchronous_commit on), Redis without persistence, Node ${process.versions.node}`,
    async stop() {
      await redis.stop();
      await postgres.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
