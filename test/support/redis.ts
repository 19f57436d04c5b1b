/** A real redis-server for one test file, on a random port, keeping nothing. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '#platform/clock.ts';
import { findOnPath } from '#platform/config/find-on-path.ts';
import { type RedisServer, startRedisServer } from '#platform/embedded/redis.ts';

export interface TestRedis {
  /** redis://:password@127.0.0.1:port/0 */
  readonly url: string;
  readonly port: number;
  stop(): Promise<void>;
}

/** Throws with what to install when there is no redis-server (npm test's own set-up installs it). */
export async function startRedis(): Promise<TestRedis> {
  const program = findOnPath(['redis-server', 'valkey-server']);
  if (program === undefined) throw new Error('These tests need redis-server. Install it with: apt-get install redis-server');
  const folder = mkdtempSync(join(tmpdir(), 'windlass-test-redis-'));
  const server: RedisServer = await startRedisServer({ program, folder, clock: systemClock });
  return {
    url: server.url,
    port: server.port,
    async stop() {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
