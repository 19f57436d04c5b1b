/** Rows into a folder of Parquet files, one a page, with the state of the sync beside them. */
import type { AssetColumn } from '#core/assets/asset-version.ts';
import { beforePublish, reportWritten, withoutReporting } from '#sdk/runtime/asset-writes.ts';
import { firstRowsOf } from '../arrow/report-writing.ts';
import { writeParquet } from '../parquet/write-parquet.ts';
import { evolve } from './evolve.ts';
import { type LakeStore, openLakeStore } from './lake-store.ts';
import type { OpenDestination, SyncCtx, SyncDestination, SyncPage, SyncState, SyncStream } from './sync-types.ts';

export interface LakeDestinationOptions {
  /** On the workers' disk or one they share, or in a bucket: `gs://bucket/folder`, `s3://bucket/folder`. */
  readonly folder: string;
  /** Of the bucket. Default google_cloud_default, aws_default. */
  readonly connection?: string;
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
export function lakeDestination({ folder, connection }: LakeDestinationOptions): SyncDestination {
  return {
    name: `lake ${folder}`,
    async open(ctx: SyncCtx, stream: SyncStream) {
      const store = await openLakeStore(ctx, folder, connection);
      const kept = await store.read(stateFile(stream));
      return new IntoLake(store, stream, kept === null ? null : (JSON.parse(kept) as Kept));
    },
  };
}

/** Readers of datasets pass over names that begin with "_". */
const stateFile = (stream: SyncStream): string => `_windlass_sync.${stream.name}.json`;

class IntoLake implements OpenDestination {
  readonly #store: LakeStore;
  readonly #stream: SyncStream;
  #kept: Kept | null;

  constructor(store: LakeStore, stream: SyncStream, kept: Kept | null) {
    this.#store = store;
    this.#stream = stream;
    this.#kept = kept;
  }

  async state(): Promise<SyncState | null> {
    return this.#kept?.state ?? null;
  }

  async write({ batch: given, state }: SyncPage): Promise<void> {
    const pages = this.#kept?.pages ?? 0;
    const { batch, columns } = evolve(this.#stream, this.#kept?.columns ?? null, given);
    const { uri } = this.#store;
    await beforePublish({ uri, columns });
    const name = `${this.#stream.name}-${String(pages).padStart(8, '0')}.parquet`;
    const { rows, bytes } = await withoutReporting(() => this.#store.place(name, (path) => writeParquet(path, [batch])));
    const kept: Kept = { state, pages: pages + 1, columns };
    await this.#store.write(stateFile(this.#stream), JSON.stringify(kept));
    this.#kept = kept;
    reportWritten({ uri, columns, rows, bytes, adds: true, ...firstRowsOf(batch) });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#store[Symbol.asyncDispose]();
  }
}
