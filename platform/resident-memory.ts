/** How much memory a process that runs strangers' code really holds: the limit on its heap does not count buffers. */
import { readFileSync } from 'node:fs';

const PAGE_BYTES = 4096;
/** Buffers and the like lie outside of the heap, and Node needs something itself. */
const HEAP_TO_ALL = 1.5;
const BASE_MB = 256;

/** Resident memory in bytes, or null when it cannot be known (it has ended, or this is no Linux). */
export function residentBytes(pid: number): number | null {
  try {
    return Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * PAGE_BYTES;
  } catch {
    return null;
  }
}

/** Of resident memory, what is the process's alone: no code that others have mapped too. 0 when it cannot be known. */
export function ownBytes(pid: number): number {
  try {
    const [, resident, shared] = readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ');
    return (Number(resident) - Number(shared)) * PAGE_BYTES;
  } catch {
    return 0;
  }
}

/** What a process may hold whose heap is limited to so much. */
export function memoryCeilingBytes(heapMb: number): number {
  return (heapMb * HEAP_TO_ALL + BASE_MB) * 1024 * 1024;
}
