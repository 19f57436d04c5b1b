/** Settings for tests: the defaults, everything in a folder of its own, and what the test changes. */
import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Config, readConfig } from '#platform/config/config.ts';

/** `overrides` are typed settings (`{ webPort: 0, leaseTtlMs: 1_500 }`); the folders lie under a fresh temp folder. */
export function testConfig(overrides: Partial<Config> = {}): Config {
  const folder = mkdtempSync(join(tmpdir(), 'windlass-test-'));
  for (const name of ['dags', 'plugins', 'logs', 'data', 'scratch']) mkdirSync(join(folder, name));
  const config = readConfig(
    {
      WINDLASS_DATA_FOLDER: join(folder, 'data'),
      WINDLASS_DAGS_FOLDER: join(folder, 'dags'),
      WINDLASS_PLUGINS_FOLDER: join(folder, 'plugins'),
      WINDLASS_LOGS_FOLDER: join(folder, 'logs'),
      WINDLASS_SCRATCH_FOLDER: join(folder, 'scratch'),
      WINDLASS_SECRET_KEY: 'a-secret-key-for-tests-of-32-characters',
      WINDLASS_ADMIN_PASSWORD: 'admin-password',
      WINDLASS_WEB_PORT: '0',
      WINDLASS_MONITOR_PORT: '0',
    },
    folder,
  );
  return Object.freeze({ ...config, ...overrides });
}
