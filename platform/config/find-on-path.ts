/** Finds a program the way a shell would. Lives here because PATH is part of the environment. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Folders where system programs lie even when a user's PATH leaves them out. */
const SYSTEM_FOLDERS = ['/usr/local/bin', '/usr/bin', '/usr/local/sbin', '/usr/sbin', '/opt/homebrew/bin'];

/** The absolute path of the first of `names` that is installed, or undefined. */
export function findOnPath(names: readonly string[], path: string = process.env['PATH'] ?? ''): string | undefined {
  const folders = [...path.split(delimiter).filter((folder) => folder.startsWith('/')), ...SYSTEM_FOLDERS];
  for (const name of names)
    for (const folder of folders) {
      const candidate = join(folder, name);
      try {
        accessSync(candidate, constants.X_OK);
        return candidate;
      } catch {
        // not here
      }
    }
  return undefined;
}
