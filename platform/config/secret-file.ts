/** Makes the key file of a new deployment. Lives here because the file's name comes from the environment. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { newSecret } from '#platform/clock.ts';

/**
 * When WINDLASS_SECRET_KEY_FILE names a file that does not exist, writes a new key into it (0640) and returns its
 * path; else null. Called by `windlass db migrate` alone: other processes must fail rather than make a second key.
 */
export function makeSecretKeyFile(environment: Readonly<Record<string, string | undefined>> = process.env): string | null {
  const path = environment['WINDLASS_SECRET_KEY_FILE'];
  if (path === undefined || path === '' || existsSync(path)) return null;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${newSecret(32)}\n`, { mode: 0o640, flag: 'wx' });
  return path;
}
