/** Folders under the system's temp folder that only this user can have written to. */
import { lstatSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AppError } from '#core/errors.ts';

/**
 * Makes `<tmp>/.windlass-<uid>/<name>` if need be and returns it. Anybody may read it (task processes may have
 * another user), only we may write. Throws CONFIG_INVALID when somebody else made it first.
 */
export function privateFolder(name: string): string {
  const uid = process.getuid?.();
  const root = join(tmpdir(), `.windlass-${uid ?? 'user'}`);
  const folder = join(root, name);
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  for (const path of [root, folder]) {
    const found = lstatSync(path);
    if (!found.isDirectory() || (uid !== undefined && found.uid !== uid))
      throw new AppError('CONFIG_INVALID', `${path} belongs to somebody else. Remove it, or set TMPDIR to a folder of your own.`);
  }
  return folder;
}
