import { rename, rm } from 'node:fs/promises';

let written = 0;

/**
 * Has `write` fill a file beside `path` and gives it its name when it is whole: a reader, or a retry, never meets half
 * of one. What a process leaves behind when it dies ends in `.part`.
 */
export async function writeWhole<T>(path: string, write: (unfinished: string) => Promise<T>): Promise<T> {
  written += 1;
  const unfinished = `${path}.${process.pid}-${written}.part`;
  try {
    const result = await write(unfinished);
    await rename(unfinished, path);
    return result;
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
}
