/** Rows into a folder of Parquet files, one a page, with the state of the sync beside them. */
import type { AssetColumn } from '#core/assets/asset-version.ts';
import type { SyncResetWish } from '#core/sync/sync-report.ts';
import { beforePublish, reportWritten, withoutReporting } from '#sdk/runtime/asset-writes.ts';
import { firstRowsOf } from '../arrow/report-writing.ts';
import { writeParquet } from '../parquet/write-parquet.ts';
import { evolve } from './evolve.ts';
import { type LakeStore, openLakeStore } from './lake-store.ts';
import { refuseOther } from './one-writer.ts';
import type { OpenDestination, SyncCtx, SyncDestination, SyncPage, SyncState, SyncStream } from './sync-types.ts';

export interface LakeDestinationOptions {
  /** On the workers' disk or one they share, or in a bucket: `gs://bucket/folder`, `s3://bucket/folder`. */
  readonly folder: string;
  /** Of the bucket. Default google_cloud_default, aws_default. */
  readonly connection?: string;
}

interface Kept {
  /** Null = from the start. */
  readonly state: SyncState | null;
  /** The number of the next page: no name is given twice, also after a reset. */
  readonly pages: number;
  readonly columns: readonly AssetColumn[] | null;
  /** The last one: files of pages before `below` go, and `files` is how many there were. */
  readonly reset?: { readonly id: string; readonly below: number; readonly files: number };
}

const PAGE_DIGITS = 8;

/**
 * Every run adds files: rows that change in the source come again, and the newest of a key counts. The file of a page has its number: one that
 * was written before a crash, and not yet counted, is written again under the same name.
 */
export function lakeDestination({ folder, connection }: LakeDestinationOptions): SyncDestination {
  return {
    name: `lake ${folder}${connection === undefined ? '' : ` (${connection})`}`,
    resets: { rowsAre: 'added', removes: 'files' },
    async open(ctx: SyncCtx, stream: SyncStream) {
      const store = await openLakeStore(ctx, folder, connection);
      return new IntoLake(store, stream, await store.read(stateFile(stream)));
    },
  };
}

/** Readers of datasets pass over names that begin with "_". */
const stateFile = (stream: SyncStream): string => `_windlass_sync.${stream.name}.json`;
const pageFile = (stream: SyncStream, page: number): string => `${stream.name}-${String(page).padStart(PAGE_DIGITS, '0')}.parquet`;

class IntoLake implements OpenDestination {
  readonly #store: LakeStore;
  readonly #stream: SyncStream;
  /** As it was read or written last; null = there is none. */
  #text: string | null;

  constructor(store: LakeStore, stream: SyncStream, text: string | null) {
    this.#store = store;
    this.#stream = stream;
    this.#text = text;
  }

  get #kept(): Kept | null {
    return this.#text === null ? null : (JSON.parse(this.#text) as Kept);
  }

  async state(): Promise<SyncState | null> {
    return this.#kept?.state ?? null;
  }

  async write({ batch: given, state }: SyncPage): Promise<void> {
    const kept = this.#kept;
    const pages = kept?.pages ?? 0;
    const { batch, columns } = evolve(this.#stream, kept?.columns ?? null, given);
    const { uri } = this.#store;
    await beforePublish({ uri, columns });
    refuseOther(this.#stream, this.#text, await this.#store.read(stateFile(this.#stream)));
    const { rows, bytes } = await withoutReporting(() =>
      this.#store.place(pageFile(this.#stream, pages), (path) => writeParquet(path, [batch])),
    );
    await this.#keep({ ...kept, state, pages: pages + 1, columns });
    reportWritten({ uri, columns, rows, bytes, adds: true, ...firstRowsOf(batch) });
  }

  /** The state first: whoever dies between has forgotten it, and files of before are known by their numbers. */
  async reset({ resetId, rows }: SyncResetWish): Promise<number> {
    // Another that was told the same may have done it since this one was opened.
    this.#text = await this.#store.read(stateFile(this.#stream));
    const before = this.#kept;
    if (before?.reset?.id !== resetId) {
      const pages = before?.pages ?? 0;
      // A page that was written and not counted goes with the others; otherwise it is written anew under its name.
      const next = rows === 'remove' ? pages + 1 : pages;
      const below = rows === 'remove' ? next : 0;
      const columns = rows === 'remove' ? null : (before?.columns ?? null);
      const { length: files } = await this.#filesBelow(below);
      await this.#keep({ state: null, pages: next, columns, reset: { id: resetId, below, files } });
    }
    const { below, files } = (this.#kept as Required<Kept>).reset;
    for (const name of await this.#filesBelow(below)) await this.#store.remove(name);
    return files;
  }

  async #filesBelow(page: number): Promise<readonly string[]> {
    if (page === 0) return [];
    const names = await this.#store.names();
    return names.filter((name) => {
      const number = name.slice(this.#stream.name.length + 1, -'.parquet'.length);
      return /^\d+$/.test(number) && Number(number) < page && name === pageFile(this.#stream, Number(number));
    });
  }

  async #keep(kept: Kept): Promise<void> {
    const text = JSON.stringify(kept);
    await this.#store.write(stateFile(this.#stream), text);
    this.#text = text;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#store[Symbol.asyncDispose]();
  }
}
