/**
 * Parquet files to frames, batch by batch: of a large file only the wanted columns of one row group are in memory.
 */
import { openAsBlob } from 'node:fs';
import { type RecordBatch, Table, tableFromIPC } from 'apache-arrow';
import { Fatal } from '#sdk/outcomes.ts';
import { readFrom } from '../arrow/column-origin.ts';
import { columnIndex } from '../arrow/columns.ts';
import { type AnyColumns, emptyBatch } from '../arrow/frame.ts';
import { uriOfFile } from '../arrow/report-writing.ts';

export interface ReadParquetOptions {
  /** Only these, in the order of the file. Default: all. */
  readonly columns?: readonly string[];
  /** Rows of one record batch, default 65,536. */
  readonly batchRows?: number;
}

const BATCH_ROWS = 65_536;

/** Reads a whole file into one table. */
export async function readParquet(path: string, options: ReadParquetOptions = {}): Promise<Table<AnyColumns>> {
  const batches: RecordBatch[] = [];
  for await (const batch of readParquetBatches(path, options)) batches.push(batch);
  return new Table(batches);
}

/** Yields record batches as the file is read; there always is one, so that a reader learns the schema. */
export async function* readParquetBatches(path: string, options: ReadParquetOptions = {}): AsyncGenerator<RecordBatch<AnyColumns>> {
  const wasm = await import('parquet-wasm');
  const blob = await openAsBlob(path).catch((cause: Error) => {
    throw new Error(`${path} cannot be read: ${cause.message}`, { cause });
  });
  if (blob.size === 0) throw new Fatal(`${path} is empty: it is no Parquet file. Write it again.`);
  const file = await wasm.ParquetFile.fromFile(blob).catch((cause: unknown) => {
    throw new Fatal(`${path} is no Parquet file, or a damaged one (${reasonOf(cause)}). Write it again.`, { cause });
  });
  const { schema } = tableFromIPC(file.schema().intoIPCStream());
  for (const name of options.columns ?? []) columnIndex(schema, name);
  const stream = (await file.stream({
    batchSize: options.batchRows ?? BATCH_ROWS,
    ...(options.columns === undefined ? {} : { columns: [...options.columns] }),
  })) as unknown as AsyncIterable<{ intoIPCStream(): Uint8Array }>;
  const uri = uriOfFile(path);
  let isEmpty = true;
  for await (const part of stream) {
    for (const batch of tableFromIPC(part.intoIPCStream()).batches) {
      isEmpty = false;
      yield readFrom(batch, uri);
    }
  }
  if (isEmpty) yield readFrom(emptyBatch(options.columns === undefined ? schema : schema.select([...options.columns])), uri);
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
