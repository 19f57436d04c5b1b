/** A folder for each run, shared by its tasks, for files too large to be results. */
import { chown, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '#core/errors.ts';
import { isKey, isRunId } from '#core/ids.ts';

/** Folders known to exist; forgetting one costs a mkdir. */
const KNOWN_MAX = 10_000;

export class ScratchFolders {
  readonly #root: string;
  readonly #uid: number | null;
  readonly #known = new Set<string>();

  /** `uid` owns the folders when task processes have a user of their own. */
  constructor(root: string, uid: number | null) {
    this.#root = root;
    this.#uid = uid;
  }

  /** Returns the run's folder. Made here only if its owner must be set; else by the body that asks for it. */
  async of(dagId: string, runId: string): Promise<string> {
    if (!isKey(dagId) || !isRunId(runId)) throw new AppError('INTERNAL', `The ids ${dagId}, ${runId} cannot name a folder.`);
    const folder = join(this.#root, `dag_id=${dagId}`, `run_id=${runId}`);
    if (this.#uid === null || this.#known.has(folder)) return folder;
    await mkdir(folder, { recursive: true });
    await chown(folder, this.#uid, this.#uid);
    if (this.#known.size >= KNOWN_MAX) this.#known.clear();
    this.#known.add(folder);
    return folder;
  }
}
