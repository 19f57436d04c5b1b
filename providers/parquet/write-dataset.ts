/**
 * Frames to datasets of Parquet files, one folder per partition. Rows are first sorted out into one Arrow file per
 * partition on disk, so that memory stays at a batch and a row group however many partitions there are.
 */
import { randomBytes } from 'node:crypto';
import { appendFile, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { RecordBatch, Schema } from 'apache-arrow';
import type { AssetColumn } from '#core/assets/asset-version.ts';
import { Fatal } from '#sdk/outcomes.ts';
import { beforePublish, reportWritten, withoutReporting } from '#sdk/runtime/asset-writes.ts';
import { OriginWatch } from '../arrow/column-origin.ts';
import { selectBatch } from '../arrow/columns.ts';
import { END_OF_STREAM, encodeBatch } from '../arrow/encode-batch.ts';
import { batchesOf, type Frame } from '../arrow/frame.ts';
import { readFrameBatches } from '../arrow/frame-file.ts';
import { columnsOf, firstRowsOf, uriOfFile } from '../arrow/report-writing.ts';
import { takeRows } from '../arrow/take-rows.ts';
import { folderReader, nameOf, type PartitionColumn, type PartitionValues, parseFolder } from './partition.ts';
import { type ParquetOptions, writeParquet } from './write-parquet.ts';

export interface DatasetOptions extends ParquetOptions {
  readonly partitionBy: readonly PartitionColumn[];
  /**
   * What becomes of files that are there: `replace-partitions` (default) removes those of the partitions that this frame
   * has rows of, `replace-all` everything, `keep` nothing but files of the same name.
   */
  readonly existing?: 'replace-partitions' | 'replace-all' | 'keep';
  /** Name of each file, without `.parquet`; default `part-0`. The same name again replaces the same file. */
  readonly fileName?: string;
  /** More partitions than this fail: somebody partitioned by an id. Default 2,000. */
  readonly partitionsMax?: number;
}

export interface DatasetFile {
  /** Below the dataset's folder: `day=2021-01-31/part-0.parquet`. */
  readonly path: string;
  readonly partition: PartitionValues;
  readonly rows: number;
  readonly bytes: number;
}

/** What one task tells the next about a dataset. Small, plain JSON. */
export interface Dataset {
  readonly folder: string;
  readonly rows: number;
  readonly bytes: number;
  readonly files: readonly DatasetFile[];
}

const PARTITIONS_MAX = 2_000;
/** Begins the names of folders that are no part of a dataset: readers pass over names with "_" or ".". */
const UNFINISHED = '_unfinished-';

/**
 * Writes `frame` below `folder`. Nothing that is there changes until every new file is whole; then each partition is
 * replaced in turn. Running it again with the same frame leaves the same files.
 */
export async function writeDataset(folder: string, frame: Frame, options: DatasetOptions): Promise<Dataset> {
  if (options.partitionBy.length === 0) throw new RangeError('partitionBy is empty. Name a column, or use writeParquet.');
  await mkdir(folder, { recursive: true });
  const work = join(folder, `${UNFINISHED}${process.pid}-${randomBytes(4).toString('hex')}`);
  await mkdir(work);
  try {
    const { partitions, columns, first, origin } = await sortOut(join(work, 'rows'), frame, options);
    const files: DatasetFile[] = [];
    const ready = join(work, 'ready');
    for (const [partition, rowsFile] of partitions) {
      const path = `${partition}/${options.fileName ?? 'part-0'}.parquet`;
      await mkdir(join(ready, partition), { recursive: true });
      const written = await withoutReporting(() => writeParquet(join(ready, path), readFrameBatches(rowsFile), options));
      await rm(rowsFile);
      files.push({ path, partition: parseFolder(partition) ?? {}, rows: written.rows, bytes: written.bytes });
    }
    await beforePublish({ uri: uriOfFile(folder), columns });
    await putInPlace(folder, ready, files, options.existing ?? 'replace-partitions');
    const sum = (of: (file: DatasetFile) => number) => files.reduce((total, file) => total + of(file), 0);
    const dataset = { folder, rows: sum((file) => file.rows), bytes: sum((file) => file.bytes), files };
    reportWritten({
      uri: uriOfFile(folder),
      columns,
      ...origin.facts(),
      ...firstRowsOf(first),
      rows: dataset.rows,
      bytes: dataset.bytes,
      partitions: partitions.map(([name]) => name),
    });
    return dataset;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Partition -> Arrow file with its rows, in the order of their names. */
async function sortOut(folder: string, frame: Frame, { partitionBy, partitionsMax = PARTITIONS_MAX }: DatasetOptions) {
  await mkdir(folder);
  const files = new Map<string, string>();
  let columns: readonly AssetColumn[] = [];
  let first: RecordBatch | null = null;
  const origin = new OriginWatch();
  const leftOut = new Set(partitionBy.filter((column) => typeof column === 'string'));
  for await (const batch of batchesOf(frame)) {
    first ??= batch;
    origin.add(batch);
    if (columns.length === 0) columns = [...columnsOf(batch.schema), ...foldersOnly(batch.schema, partitionBy)];
    const kept = batch.schema.fields.map((field) => field.name).filter((name) => !leftOut.has(name));
    if (kept.length === 0) throw new RangeError(`partitioning by ${partitionBy.map(nameOf).join(', ')} leaves no column for the files.`);
    for (const [partition, rows] of groupRows(batch, partitionBy)) {
      let file = files.get(partition);
      const isNew = file === undefined;
      file ??= join(folder, `${files.size}.arrow`);
      if (isNew && files.size >= partitionsMax)
        throw new Fatal(
          `more than ${partitionsMax} partitions by ${partitionBy.map(nameOf).join(', ')}. Partition by something coarser, or raise partitionsMax.`,
        );
      files.set(partition, file);
      await appendFile(file, encodeBatch(selectBatch(takeRows(batch, rows, rows.length), kept), isNew));
    }
  }
  for (const file of files.values()) await appendFile(file, END_OF_STREAM);
  return { partitions: [...files].sort(([a], [b]) => (a < b ? -1 : 1)), columns, first, origin };
}

/** Columns that only the names of the folders have. */
function foldersOnly(schema: Schema, partitionBy: readonly PartitionColumn[]): readonly AssetColumn[] {
  const names = new Set(schema.fields.map((field) => field.name));
  return partitionBy.map(nameOf).flatMap((name) => (names.has(name) ? [] : [{ name, type: 'Utf8', nullable: true }]));
}

function groupRows(batch: RecordBatch, partitionBy: readonly PartitionColumn[]): Map<string, Int32Array> {
  const folderOf = folderReader(batch, partitionBy);
  const groups = new Map<string, number[]>();
  for (let row = 0; row < batch.numRows; row++) {
    const folder = folderOf(row);
    const rows = groups.get(folder);
    if (rows === undefined) groups.set(folder, [row]);
    else rows.push(row);
  }
  return new Map([...groups].map(([folder, rows]) => [folder, Int32Array.from(rows)]));
}

async function putInPlace(folder: string, ready: string, files: readonly DatasetFile[], existing: NonNullable<DatasetOptions['existing']>) {
  if (existing === 'replace-all') await removeOthers(folder);
  for (const { path } of files) {
    const target = join(folder, path);
    if (existing === 'replace-partitions') await rm(dirname(target), { recursive: true, force: true });
    await mkdir(dirname(target), { recursive: true });
    await rename(join(ready, path), target);
  }
}

/** Everything but work in progress, this one's own too. */
async function removeOthers(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.startsWith(UNFINISHED)) await rm(join(folder, name), { recursive: true, force: true });
  }
}
