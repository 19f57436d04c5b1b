/**
 * Is that process still the one we mean? A pid alone is reused; a pid with its start time is not. On Linux both
 * come from /proc, elsewhere the pid has to do.
 */
import { readFileSync } from 'node:fs';

/** Start time of a living process in the kernel's ticks since boot; "" where that is not known; undefined = no such process. */
export function processStart(pid: number): string | undefined {
  if (!isAlive(pid)) return undefined;
  if (process.platform !== 'linux') return '';
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : fields[19]; // a zombie has ended
  } catch {
    return undefined;
  }
}

/** The command line, words separated by blanks; "" when it cannot be read. */
export function processCommand(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
  } catch {
    return '';
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
