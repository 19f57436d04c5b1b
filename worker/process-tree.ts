/**
 * What the operating system knows of a task process and of what it started. Works on Linux through /proc;
 * elsewhere only the process group is known.
 */
import { readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';

/** Set in every task process and inherited by what it starts: finds those that left the process group. */
export const MARK_VARIABLE = 'WINDLASS_TASK_PROCESS';

/** Sends a signal to the process group led by `pid`. Returns false when no such group is left. */
export function signalGroup(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(-pid, signal);
    return true;
  } catch {
    return false;
  }
}

/**
 * Tells whether the process has children of its own, also ones in another session. Looks at its main thread
 * only (that is who forks, unless a body uses worker threads): one small read, as it happens after every body.
 */
export function hasChildren(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim() !== '';
  } catch {
    return false;
  }
}

/**
 * Kills whatever carries the mark of a task process that is gone: children that changed their session or were
 * orphaned. Returns how many there were. A child that cleared its environment escapes.
 */
export async function killMarked(mark: string): Promise<number> {
  const wanted = `${MARK_VARIABLE}=${mark}`;
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
  let killed = 0;
  for (const pid of pids) {
    const environment = await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '');
    if (!environment.split('\0').includes(wanted)) continue;
    try {
      process.kill(Number(pid), 'SIGKILL');
      killed += 1;
    } catch {
      // It has gone meanwhile.
    }
  }
  return killed;
}
