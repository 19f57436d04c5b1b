/** Rows into a folder of Parquet files, one a page, with the state of the sync beside them. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AssetColumn } from '#core/assets/asset-version.ts';
import { beforePublish, reportWritten, withoutReporting } from '#sdk/runtime/asset-writes.ts';
import { firstRowsOf, uriOfFile } from '../arrow/report-writing.ts';
import { writeWhole } from '../files/whole-file.ts';
import { writeParquet } from '../parquet/write-parquet.ts';
import { evolve } from './evolve.ts';
import type { OpenDestination, SyncCtx, SyncDestination, SyncPage, SyncState, SyncStream } from './sync-types.ts';

export interface LakeDestinationOptions {
  /** On the workers' disk, or one they share. */
  readonly folder: string;
}

interface Kept {
  readonly state: SyncState;
  /** Pages that are there. */
  readonly pages: number;
  readonly columns: readonly AssetColumn[];
}

/**
 * Every run adds files: rows that change in the source come again, and the newest of a key counts. The file of a page has its number: one that
 * was written before a crash, and not yet counted, is written again under the same name.
 */
export function lakeDestination({ folder }: LakeDestinationOptions): SyncDestination {
  return {
    name: `lake ${folder}`,
    async open(_ctx: SyncCtx, stream: SyncStream) {
      await mkdir(folder, { recursive: true });
      return new IntoLake(folder, stream, await readKept(stateFile(folder, stream)));
    },
  };
}

/** Readers of datasets pass over names that begin with "_". */
const stateFile = (folder: string, stream: SyncStream): string => join(folder, `_windlass_sync.${stream.name}.json`);

async function readKept(path: string): Promise<Kept | null> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Kept;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

class IntoLake implements OpenDestination {
  readonly #folder: string;
  readonly #stream: SyncStream;
  #kept: Kept | null;

  constructor(folder: string, stream: SyncStream, kept: Kept | null) {
    this.#folder = folder;
    this.#stream = stream;
    this.#kept = kept;
  }

  async state(): Promise<SyncState | null> {
    return this.#kept?.state ?? null;
  }

  async write({ batch: given, state }: SyncPage): Promise<void> {
    const pages = this.#kept?.pages ?? 0;
    const { batch, columns } = evolve(this.#stream, this.#kept?.columns ?? null, given);
    await beforePublish({ uri: uriOfFile(this.#folder), columns });
    const path = join(this.#folder, `${this.#stream.name}-${String(pages).padStart(8, '0')}.parquet`);
    const { rows, bytes } = await withoutReporting(() => writeParquet(path, [batch]));
    const kept: Kept = { state, pages: pages + 1, columns };
    await writeWhole(stateFile(this.#folder, this.#stream), (unfinished) => writeFile(unfinished, JSON.stringify(kept), { flush: true }));
    this.#kept = kept;
    reportWritten({ uri: uriOfFile(this.#folder), columns, rows, bytes, adds: true, ...firstRowsOf(batch) });
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}
