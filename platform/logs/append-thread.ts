/**
 * The thread behind `log-appender.ts`: appends texts to files, a batch at a time. Synchronous calls are right here: each
 * asynchronous one would wake another thread, and a disk that hangs holds up this thread alone.
 */
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { parentPort } from 'node:worker_threads';

export interface Append {
  readonly path: string;
  readonly text: string;
}

/** The error of each append of a batch, in order; null = it is in the file. */
export type AppendAnswers = readonly (string | null)[];

const FILE_MODE = 0o640;

parentPort?.on('message', (batch: readonly Append[]) => {
  const answers: AppendAnswers = batch.map(({ path, text }) => {
    try {
      append(path, text);
      return null;
    } catch (error) {
      return (error as Error).message;
    }
  });
  parentPort?.postMessage(answers);
});

function append(path: string, text: string): void {
  const file = openForAppend(path);
  try {
    const bytes = Buffer.from(text);
    for (let written = 0; written < bytes.length; ) written += writeSync(file, bytes, written);
  } finally {
    closeSync(file);
  }
}

/** The folder is only made when it is missing: the second write of an attempt finds it. */
function openForAppend(path: string): number {
  try {
    return openSync(path, 'a', FILE_MODE);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    mkdirSync(dirname(path), { recursive: true });
    return openSync(path, 'a', FILE_MODE);
  }
}
