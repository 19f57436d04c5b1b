/** Reads a task's log: a page from a byte offset, or page after page while the attempt runs. */
import { type FSWatcher, watch } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { Clock } from '#platform/clock.ts';
import { isEndLine, type LogLine, parseLogLine } from './log-line.ts';

export interface LogPage {
  readonly lines: readonly LogLine[];
  /** Byte offset of the next page: always the start of a line. */
  readonly nextOffset: number;
  /** The attempt's end line was read: nothing follows. */
  readonly ended: boolean;
  /** False when there is no such file (yet). */
  readonly exists: boolean;
}

/** Longer than any line the writer makes. */
const LINE_BYTES_MAX = 1024 * 1024;
const TAIL_BYTES = 8 * 1024;
const NEWLINE = 0x0a;

/**
 * Returns the whole lines between `offset` (bytes, the start of a line) and `offset + maxBytes`; at least one
 * line if there is one. A negative offset counts from the end of the file.
 */
export async function readLog(path: string, offset: number, maxBytes: number): Promise<LogPage> {
  let file: FileHandle;
  try {
    file = await open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { lines: [], nextOffset: 0, ended: false, exists: false };
    throw error;
  }
  try {
    const { size } = await file.stat();
    const start = offset < 0 ? await startOfLine(file, Math.max(0, size + offset)) : Math.min(offset, size);
    const bytes = await readWholeLines(file, start, Math.min(maxBytes, size - start), size);
    const lines = splitLines(bytes);
    const nextOffset = start + bytes.length;
    const atEnd = nextOffset >= size;
    const last = lines.at(-1) ?? (atEnd ? await lastLine(file, size) : undefined);
    return { lines, nextOffset, ended: atEnd && last !== undefined && isEndLine(last), exists: true };
  } finally {
    await file.close();
  }
}

export interface FollowOptions {
  readonly offset?: number;
  readonly maxBytes?: number;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** How long to wait for the file's notification before looking anyway. */
  readonly pollMs?: number;
}

/**
 * Yields pages as lines are written, until the attempt's end line or the signal. An attempt whose worker died
 * has no end line: the caller watches its state and aborts.
 */
export async function* followLog(path: string, options: FollowOptions): AsyncGenerator<LogPage> {
  const { signal, clock } = options;
  let offset = options.offset ?? 0;
  while (!signal.aborted) {
    const page = await readLog(path, offset, options.maxBytes ?? LINE_BYTES_MAX);
    offset = page.nextOffset;
    if (page.lines.length > 0 || page.ended) yield page;
    if (page.ended) return;
    if (page.lines.length === 0) await waitForChange(path, clock, options.pollMs ?? 250, signal);
  }
}

async function waitForChange(path: string, clock: Clock, pollMs: number, signal: AbortSignal): Promise<void> {
  const changed = new AbortController();
  let watcher: FSWatcher | null = null;
  try {
    watcher = watch(path, () => changed.abort());
    watcher.on('error', () => {});
  } catch {
    // Not there yet, or no notifications on this file system: polling is enough.
  }
  await clock.sleep(pollMs, AbortSignal.any([signal, changed.signal]));
  watcher?.close();
}

/** Reads up to the last newline within the window, or on to the end of the first line when it is longer. */
async function readWholeLines(file: FileHandle, start: number, length: number, size: number): Promise<Buffer> {
  let wanted = length;
  for (;;) {
    const buffer = Buffer.alloc(wanted);
    const { bytesRead } = await file.read(buffer, 0, wanted, start);
    const bytes = buffer.subarray(0, bytesRead);
    const end = bytes.lastIndexOf(NEWLINE);
    if (end >= 0) return bytes.subarray(0, end + 1);
    if (start + wanted >= size || wanted >= LINE_BYTES_MAX) return bytes.subarray(0, 0);
    wanted = Math.min(size - start, LINE_BYTES_MAX, wanted * 2);
  }
}

async function startOfLine(file: FileHandle, position: number): Promise<number> {
  if (position === 0) return 0;
  const buffer = Buffer.alloc(LINE_BYTES_MAX);
  const { bytesRead } = await file.read(buffer, 0, LINE_BYTES_MAX, position - 1);
  const newline = buffer.subarray(0, bytesRead).indexOf(NEWLINE);
  return newline < 0 ? position - 1 + bytesRead : position + newline;
}

async function lastLine(file: FileHandle, size: number): Promise<LogLine | undefined> {
  const length = Math.min(size, TAIL_BYTES);
  const buffer = Buffer.alloc(length);
  await file.read(buffer, 0, length, size - length);
  return splitLines(buffer).at(-1);
}

function splitLines(bytes: Buffer): LogLine[] {
  return bytes
    .toString('utf8')
    .split('\n')
    .filter((text) => text !== '')
    .map(parseLogLine);
}
