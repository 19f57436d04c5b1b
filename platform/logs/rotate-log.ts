/** Keeps the log of a process that holds its file open for appending (Postgres, Redis) from growing for ever. */
import { copyFileSync, statSync, truncateSync } from 'node:fs';

export const LOG_MAX_BYTES = 10 * 1024 * 1024;

/**
 * Past the limit the file's content becomes `<path>.1`, over an older one, and the file is emptied: its writer goes on. What is
 * written between the two steps is lost; a death between them does it once more. Returns whether it did. Never throws.
 */
export function rotateLog(path: string, maxBytes: number = LOG_MAX_BYTES): boolean {
  try {
    if (statSync(path).size <= maxBytes) return false;
    copyFileSync(path, `${path}.1`);
    truncateSync(path);
    return true;
  } catch {
    return false; // not there yet, or no room: the next look tries again
  }
}
