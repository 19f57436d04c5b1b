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

/** The process and those it has started, with theirs; looks no further than `limit`. One without children costs one small read. */
export function familyOf(pid: number, limit: number): readonly number[] {
  const found = [pid];
  for (let at = 0; at < found.length && found.length <= limit; at++) found.push(...childrenOf(found[at] as number));
  return found;
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
 * Kills whatever carries the mark of a task process, but for the process `keep`: children that changed their session or were
 * orphaned. Looks again until nobody is left, as those that start others are faster than one look. Returns how many there
 * were. A child that cleared its environment escapes.
 */
export async function killMarked(mark: string, keep?: number): Promise<number> {
  let killed = 0;
  for (let look = 0; look < LOOKS_MAX; look++) {
    const found = (await listMarked(mark)).filter((pid) => pid !== keep);
    if (found.length === 0) break;
    for (const pid of found) killed += killOne(pid) ? 1 : 0;
  }
  return killed;
}

/** All processes that carry the mark: a walk over every process of the machine. */
export async function listMarked(mark: string): Promise<readonly number[]> {
  const wanted = `${MARK_VARIABLE}=${mark}`;
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
  const found: number[] = [];
  for (const pid of pids) {
    const environment = await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '');
    if (environment.split('\0').includes(wanted)) found.push(Number(pid));
  }
  return found;
}

function killOne(pid: number): boolean {
  try {
    process.kill(pid, 'SIGKILL');
    return true;
  } catch {
    return false; // It has gone meanwhile.
  }
}
