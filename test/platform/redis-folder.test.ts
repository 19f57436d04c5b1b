/** Goal: the private Redis starts in any folder that a project can lie in. Needs a real redis-server. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { systemClock } from '#platform/clock.ts';
import { findOnPath } from '#platform/config/find-on-path.ts';
import { startRedisServer } from '#platform/embedded/redis.ts';

it.each(['with space', 'with "quotes" and \'more\'', 'mit Ümlaut', 'back\\slash'])('a folder named: %s', async (name) => {
  const parent = mkdtempSync(join(tmpdir(), 'windlass-redis-'));
  const folder = join(parent, name);
  mkdirSync(folder);
  const program = findOnPath(['redis-server', 'valkey-server']) ?? '';
  const server = await startRedisServer({ program, folder, clock: systemClock });
  expect(server.url).toMatch(/^redis:/);
  await server.stop();
  rmSync(parent, { recursive: true });
});
