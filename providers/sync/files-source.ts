/** Files of a folder, each read once: CSV, NDJSON or Parquet. */
import { readdir, stat } from 'node:fs/promises';
import { join, matchesGlob } from 'node:path';
import type { RecordBatch } from 'apache-arrow';
import { Fatal } from '#sdk/outcomes.ts';
import type { CsvType } from '../csv/csv-types.ts';
import { readCsvBatches } from '../csv/read-csv.ts';
import { readNdjsonBatches } from '../ndjson/read-ndjson.ts';
import { readParquetBatches } from '../parquet/read-parquet.ts';
import type { SyncCtx, SyncPage, SyncSource, SyncState } from './sync-types.ts';

export interface FilesSourceOptions {
  /** On the workers' disk, or one they share. */
  readonly folder: string;
  /** Which files of it, with folders below: "**\/*.csv.gz". Default: all whose names do not begin with "." or "_", or end in ".part". */
  readonly files?: string;
  /** The columns of CSV and NDJSON. */
  readonly types?: Readonly<Record<string, CsvType>>;
  /** Rows of one page of CSV and NDJSON, default 65,536. */
  readonly pageRows?: number;
}

interface FilesState {
  /** Path below the folder -> what it looked like when it was read to its end. */
  readonly done: Readonly<Record<string, string>>;
  /** A file that was begun, and how many of its pages are written. */
  readonly begun?: { readonly path: string; readonly mark: string; readonly pages: number };
}

const FILES_MAX = 100_000;
const READERS: readonly (readonly [RegExp, (path: string, options: FilesSourceOptions) => AsyncIterable<RecordBatch>])[] = [
  [/\.csv(\.gz)?$/i, (path, options) => readCsvBatches(path, textOptions(path, options))],
  [/\.(ndjson|jsonl)(\.gz)?$/i, (path, options) => readNdjsonBatches(path, textOptions(path, options))],
  [/\.parquet$/i, (path) => readParquetBatches(path)],
];

/** In the order of their names. A file that has changed since it was read is read again. */
export function filesSource(options: FilesSourceOptions): SyncSource {
  return {
    name: `files ${join(options.folder, options.files ?? '')}`,
    async *pages(_ctx: SyncCtx, given: SyncState | null): AsyncGenerator<SyncPage> {
      const state = (given ?? {}) as Partial<FilesState>;
      const done = { ...state.done };
      for (const { path, mark } of await listFiles(options)) {
        if (done[path] === mark) continue;
        const skipped = state.begun?.path === path && state.begun.mark === mark ? state.begun.pages : 0;
        let pages = 0;
        let held: RecordBatch | null = null;
        // The last page of a file says that it is done: it is known when there is no other.
        for await (const batch of read(join(options.folder, path), options)) {
          if (held !== null) yield { batch: held, state: { done: { ...done }, begun: { path, mark, pages } } };
          held = null;
          pages += 1;
          if (pages > skipped) held = batch;
        }
        done[path] = mark;
        if (held !== null) yield { batch: held, state: { done: { ...done } } };
      }
    },
  };
}

async function listFiles({ folder, files }: FilesSourceOptions): Promise<readonly { readonly path: string; readonly mark: string }[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(join(folder, '/').length))
    .filter((path) => (files === undefined ? !/(^|\/)[._]|\.part$/.test(path) : matchesGlob(path, files)))
    .sort();
  if (paths.length > FILES_MAX) throw new Fatal(`${folder} holds more than ${FILES_MAX} files. Sync a folder below it.`);
  return Promise.all(
    paths.map(async (path) => {
      const { size, mtimeMs } = await stat(join(folder, path));
      return { path, mark: `${size}/${Math.round(mtimeMs)}` };
    }),
  );
}

function read(path: string, options: FilesSourceOptions): AsyncIterable<RecordBatch> {
  const reader = READERS.find(([pattern]) => pattern.test(path))?.[1];
  if (reader === undefined)
    throw new Fatal(`${path}: its ending says no format. CSV, NDJSON (.ndjson, .jsonl, each also .gz) and Parquet are read.`);
  return reader(path, options);
}

function textOptions(path: string, { types, pageRows }: FilesSourceOptions) {
  if (types === undefined) throw new Fatal(`${path}: CSV and NDJSON need types: { id: 'int64', … }. Nothing is guessed.`);
  return { types, ...(pageRows !== undefined && { batchRows: pageRows }) };
}
