/** Bytes that are read in pieces: a frame is never loaded whole to be looked at. */
import { constants, type FileHandle, open, realpath, stat } from 'node:fs/promises';
import { relative } from 'node:path';
import { AppError } from '#core/errors.ts';

export interface RangedBytes {
  readonly size: number;
  /** Names these very bytes: another text when they change. */
  readonly identity: string;
  /** Throws FRAME_INVALID beyond the end. */
  read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
  close(): Promise<void>;
}

/**
 * Opens a file that tasks have written, if it really lies in `folder`: what they put there may be a link to anything. Throws NOT_FOUND.
 */
export async function openFileIn(folder: string, path: string): Promise<RangedBytes> {
  // Not following a link, and not waiting for the other end of a pipe.
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch((error: NodeJS.ErrnoException) => {
    throw missing(
      path,
      error.code === 'ENOENT' ? 'it is not there (any more), or not on the machine of the web server' : String(error.code),
    );
  });
  try {
    const opened = await file.stat();
    const real = await realpath(path);
    const named = await stat(real);
    const isInside = !relative(await realpath(folder), real).startsWith('..');
    if (!opened.isFile() || !isInside || named.ino !== opened.ino || named.dev !== opened.dev)
      throw missing(path, 'it does not lie in the folder of a run');
    return fileBytes(file, opened.size, `${real}:${opened.ino}:${opened.size}:${opened.mtimeMs}`);
  } catch (error) {
    await file.close();
    throw error;
  }
}

function fileBytes(file: FileHandle, size: number, identity: string): RangedBytes {
  return {
    size,
    identity,
    async read(offset, length) {
      // Memory of its own, so that typed arrays can be laid over it.
      const buffer = new Uint8Array(length);
      let done = 0;
      while (done < length) {
        const { bytesRead } = await file.read(buffer, done, length - done, offset + done);
        if (bytesRead === 0) throw invalid('it ends too early');
        done += bytesRead;
      }
      return buffer;
    },
    close: () => file.close(),
  };
}

export function invalid(why: string): AppError {
  return new AppError('BAD_REQUEST', `The file is no frame (an Arrow IPC stream): ${why}.`);
}

function missing(path: string, why: string): AppError {
  return new AppError('NOT_FOUND', `The file of the frame, ${path}, cannot be shown: ${why}.`);
}

const PIECE_BYTES = 1024 * 1024;

/** All of it, in pieces. */
export async function* piecesOf(bytes: RangedBytes): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.size; at += PIECE_BYTES) yield await bytes.read(at, Math.min(PIECE_BYTES, bytes.size - at));
}
