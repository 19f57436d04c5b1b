/**
 * What the operating system knows of a task process and of what it started. Works on Linux through /proc;
 * elsewhere only the process group is known.
 */
import { readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';

/** Set in every task process and inherited by what it starts: finds those that left the process group. */
export const MARK_VARIABLE = 'WINDLASS_TASK_PROCESS';
const LOOKS_MAX = 20;

/** Sends a signal to the process group led by `pid`. Returns false when no such group is left. */
export function signalGroup(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(-pid, signal);
    return true;
  } catch {
    return false;
  }
}

/** Tells whether the process and those it started are more than `limit`. A process without children costs one small read. */
export function hasMoreProcesses(pid: number, limit: number): boolean {
  const found = [pid];
  for (let at = 0; at < found.length && found.length <= limit; at++) found.push(...childrenOf(found[at] as number));
  return found.length > limit;
}

function childrenOf(pid: number): readonly number[] {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    return children === '' ? [] : children.split(' ').map(Number);
  } catch {
    return [];
  }
}

/**
 * Kills whatever carries the mark of a task process that is gone: children that changed their session or were
 * orphaned. Looks again until nobody is left, as those that start others are faster than one look. Returns how many there
 * were. A child that cleared its environment escapes.
 */
export async function killMarked(mark: string): Promise<number> {
  let killed = 0;
  for (let look = 0; look < LOOKS_MAX; look++) {
    const found = await killMarkedOnce(mark);
    if (found === 0) break;
    killed += found;
  }
  return killed;
}

async function killMarkedOnce(mark: string): Promise<number> {
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
