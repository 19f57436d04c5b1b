/**
 * Frames between machines. What a task left in its scratch folder and returned goes to the XCom backend before the result is written; what
 * a task is given and this machine does not have is brought from there before its body sees it. Task processes have no part in it, nor credentials.
 */
import { createHash } from 'node:crypto';
import { chmod, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '#core/errors.ts';
import { openFileIn, piecesOf, type RangedBytes } from '#platform/bytes/ranged-bytes.ts';
import { newId } from '#platform/clock.ts';
import type { Queryable } from '#platform/db/client.ts';
import { findDagRunId } from '#platform/db/queries/find-dag-run-id.ts';
import type { XcomBackend } from '#platform/xcom/backend.ts';
import { FRAMES_BESIDE, type FrameRef, framesIn, runOfPath, withPaths } from '#platform/xcom/frame-refs.ts';

export interface FrameStoreDeps {
  /** Null = there is none: then all workers share the scratch folder. */
  readonly backend: XcomBackend | null;
  readonly scratchFolder: string;
  readonly db: Queryable;
}

interface Owner {
  readonly dagRunId: string;
  readonly dagId: string;
  readonly runId: string;
}

export class FrameStore {
  readonly #deps: FrameStoreDeps;
  /** By file: two bodies may want the same frame. */
  readonly #coming = new Map<string, Promise<string>>();

  constructor(deps: FrameStoreDeps) {
    this.#deps = deps;
  }

  /** Sends the frames of a result, which is JSON. Rejects when the backend cannot take them. A frame that is not (any more) what the result says stays behind. */
  async keep(owner: Owner, valueJson: string | null): Promise<void> {
    const { backend } = this.#deps;
    if (backend === null || valueJson === null || !valueJson.includes('"sha256"')) return;
    for (const frame of framesIn(JSON.parse(valueJson))) {
      const run = runOfPath(frame.path);
      if (run?.dagId === owner.dagId && run.runId === owner.runId) await this.#send(backend, owner.dagRunId, frame);
    }
  }

  async #send(backend: XcomBackend, dagRunId: string, frame: FrameRef): Promise<void> {
    const bytes = await openFileIn(this.#deps.scratchFolder, frame.path).catch(() => null);
    if (bytes === null) return;
    try {
      if ((await hashOf(bytes)) === frame.sha256) await backend.putFrame(dagRunId, frame.sha256, bytes);
    } finally {
      await bytes.close();
    }
  }

  /** What a body is given, with the paths that its frames have on this machine. Rejects with NOT_FOUND when one is nowhere. */
  async bring(value: unknown, reader: Owner): Promise<unknown> {
    const { backend } = this.#deps;
    if (backend === null) return value;
    const paths = new Map<string, string>();
    for (const frame of framesIn(value))
      if (!paths.has(frame.path) && !(await this.#isHere(frame))) paths.set(frame.path, await this.#bringOnce(backend, frame, reader));
    return paths.size === 0 ? value : withPaths(value, ({ path }) => paths.get(path) ?? path);
  }

  /** A file of the same name in another folder is that of another machine. */
  async #isHere(frame: FrameRef): Promise<boolean> {
    return frame.path.startsWith(`${this.#deps.scratchFolder}/`) && (await isThere(frame));
  }

  async #bringOnce(backend: XcomBackend, frame: FrameRef, reader: Owner): Promise<string> {
    // Beside the folder of the run, where no task may write: a folder that tasks own may hold links to anywhere.
    const folder = join(this.#deps.scratchFolder, `dag_id=${reader.dagId}`, `run_id=${reader.runId}${FRAMES_BESIDE}`);
    const path = join(folder, `${frame.sha256}.arrow`);
    const known = this.#coming.get(path);
    if (known !== undefined) return known;
    const coming = this.#bring(backend, frame, { reader, folder, path });
    this.#coming.set(path, coming);
    return coming.finally(() => this.#coming.delete(path));
  }

  async #bring(
    backend: XcomBackend,
    frame: FrameRef,
    { reader, folder, path }: { readonly reader: Owner; readonly folder: string; readonly path: string },
  ): Promise<string> {
    if (await isThere({ ...frame, path })) return path;
    const run = runOfPath(frame.path);
    const isOwn = run?.dagId === reader.dagId && run.runId === reader.runId;
    const dagRunId = isOwn ? reader.dagRunId : run === null ? null : await findDagRunId(this.#deps.db, run);
    if (dagRunId === null) throw new AppError('NOT_FOUND', `The frame ${frame.path} is of a run that is gone.`);
    const bytes = await backend.openFrame(dagRunId, frame.sha256);
    const unfinished = join(folder, `${newId()}.tmp`);
    await mkdir(folder, { recursive: true });
    try {
      if ((await writeAll(unfinished, bytes)) !== frame.sha256)
        throw new AppError(
          'NOT_FOUND',
          `The frame ${frame.path} is not what was written: its sha256 is another. Clear the task that made it.`,
        );
      await chmod(unfinished, 0o644);
      await rename(unfinished, path);
      return path;
    } finally {
      await bytes.close();
      await rm(unfinished, { force: true });
    }
  }
}

async function isThere({ path, bytes }: FrameRef): Promise<boolean> {
  const found = await stat(path).catch(() => null);
  return found?.isFile() === true && found.size === bytes;
}

async function hashOf(bytes: RangedBytes): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of piecesOf(bytes)) hash.update(piece);
  return hash.digest('hex');
}

async function writeAll(path: string, bytes: RangedBytes): Promise<string> {
  const hash = createHash('sha256');
  const file = await open(path, 'wx');
  try {
    for await (const piece of piecesOf(bytes)) {
      hash.update(piece);
      await file.writeFile(piece);
    }
  } finally {
    await file.close();
  }
  return hash.digest('hex');
}
