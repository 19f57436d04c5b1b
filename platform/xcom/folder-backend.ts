/** An XCom backend in a folder that all processes share: `<folder>/<run>/<sha256>.json`. */

import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '#core/errors.ts';
import { openFileIn, piecesOf, type RangedBytes } from '../bytes/ranged-bytes.ts';
import { newId, systemClock } from '../clock.ts';
import { probe } from '../probes/probe.ts';
import type { Kept, XcomBackend, XcomRef } from './backend.ts';
import { isKept } from './kept.ts';

/** References come from Postgres; still, none may lead out of the folder. */
const REF = /^file:([0-9a-f-]{36})\/([0-9a-f]{64})$/;
const RUN = /^[0-9a-f-]{36}$/;
const PUT_RETRIES_MAX = 3;
const HASH = /^[0-9a-f]{64}$/;

export class FolderBackend implements XcomBackend {
  readonly scheme = 'file';
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async put(dagRunId: string, bytes: Buffer): Promise<XcomRef> {
    const hash = hashOf(bytes);
    const folder = join(this.#folder, dagRunId);
    // Nobody ever sees half a file.
    const unfinished = join(folder, `${newId()}.tmp`);
    for (let tries = 0; ; tries++) {
      await mkdir(folder, { recursive: true });
      try {
        await writeFile(unfinished, bytes);
        break;
      } catch (error) {
        // The collector found the folder empty just now.
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || tries >= PUT_RETRIES_MAX) throw error;
      }
    }
    probe('xcom.before_rename');
    await rename(unfinished, join(folder, `${hash}.json`));
    return { ref: `file:${dagRunId}/${hash}`, hash };
  }

  async get(ref: string): Promise<Buffer> {
    const [, dagRunId, hash] = REF.exec(ref) ?? [];
    if (dagRunId === undefined || hash === undefined) throw gone(ref, 'this is no reference of the folder backend');
    let bytes: Buffer;
    try {
      bytes = await readFile(join(this.#folder, dagRunId, `${hash}.json`));
    } catch (error) {
      throw gone(ref, (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'it was removed' : (error as Error).message);
    }
    if (hashOf(bytes) !== hash) throw gone(ref, 'its bytes are not those that were written');
    return bytes;
  }

  async putFrame(dagRunId: string, sha256: string, frame: RangedBytes): Promise<void> {
    const path = this.#framePath(dagRunId, sha256);
    const there = await stat(path).catch(() => null);
    if (there?.size === frame.size) return;
    const unfinished = join(this.#folder, dagRunId, `${newId()}.tmp`);
    for (let tries = 0; ; tries++) {
      await mkdir(join(this.#folder, dagRunId), { recursive: true });
      try {
        await writeFile(unfinished, piecesOf(frame));
        break;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || tries >= PUT_RETRIES_MAX) throw error;
      }
    }
    await rename(unfinished, path);
  }

  async openFrame(dagRunId: string, sha256: string): Promise<RangedBytes> {
    return openFileIn(this.#folder, this.#framePath(dagRunId, sha256));
  }

  #framePath(dagRunId: string, sha256: string): string {
    if (!RUN.test(dagRunId) || !HASH.test(sha256)) throw gone(`${dagRunId}/${sha256}`, 'this names no frame');
    return join(this.#folder, dagRunId, `${sha256}.arrow`);
  }

  async listRuns(): Promise<readonly string[]> {
    const names = await readdir(this.#folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw error;
    });
    return names.filter((name) => RUN.test(name));
  }

  async prune(dagRunId: string, keep: Kept, olderThanMs: number): Promise<number> {
    const folder = join(this.#folder, dagRunId);
    const names = await readdir(folder).catch(() => []);
    const before = systemClock.now() - olderThanMs;
    let removed = 0;
    for (const name of names) {
      if (isKept(name, keep)) continue;
      const found = await stat(join(folder, name)).catch(() => null);
      if (found === null || found.mtimeMs > before) continue;
      await rm(join(folder, name), { force: true });
      removed += 1;
    }
    // Only while it is empty: a value may be on its way in.
    if (removed === names.length) await rmdir(folder).catch(() => {});
    return removed;
  }
}

function hashOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function gone(ref: string, why: string): AppError {
  return new AppError(
    'NOT_FOUND',
    `A value that was kept in the XCom backend cannot be read (${ref}): ${why}. Clear the task that made it.`,
  );
}
