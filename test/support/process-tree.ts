/** The command line as a program, and what it has started. Knows nothing of a test runner: harnesses without one use it, too. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const BIN = fileURLToPath(new URL('../../bin/windlass.mjs', import.meta.url));

/** Ids of all living descendants of a process (Linux). */
export function processesOf(parent: number): readonly number[] {
  const children = readFileSync(`/proc/${parent}/task/${parent}/children`, 'utf8').trim().split(/\s+/).filter(Boolean).map(Number);
  return children.flatMap((pid) => [pid, ...grandchildrenOf(pid)]);
}

function grandchildrenOf(pid: number): readonly number[] {
  try {
    return processesOf(pid);
  } catch {
    return []; // it ended while we looked
  }
}
