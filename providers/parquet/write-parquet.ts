/**
 * Frames to Parquet, row group by row group: memory stays at a row group however long the frame is.
 */
import { createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { RecordBatch, Schema } from 'apache-arrow';
import type * as ParquetWasm from 'parquet-wasm';
import { beforePublish, reportWritten } from '#sdk/runtime/asset-writes.ts';
import { OriginWatch } from '../arrow/column-origin.ts';
import { encodeStream } from '../arrow/encode-batch.ts';
import { batchesOf, type Frame } from '../arrow/frame.ts';
import { describeSchema } from '../arrow/frame-file.ts';
import { columnsOf, firstRowsOf, uriOfFile } from '../arrow/report-writing.ts';
import { writeWhole } from '../files/whole-file.ts';

export type ParquetCompression = 'snappy' | 'zstd' | 'gzip' | 'none';

export interface ParquetOptions {
  /** Default snappy: what every reader knows. zstd is a fifth smaller. */
  readonly compression?: ParquetCompression;
  /** Rows of one row group, default 262,144 or 128 MiB, whichever comes first: what bounds the memory. */
  readonly rowGroupRows?: number;
}

/** What one task tells the next about a Parquet file. Small, plain JSON. */
export interface ParquetFile {
  readonly path: string;
  readonly rows: number;
  readonly bytes: number;
  readonly columns: readonly string[];
  /** Column -> Arrow type, as text. */
  readonly schema: Readonly<Record<string, string>>;
}

/** What has been written so far. */
export interface ParquetProgress {
  rows: number;
  schema: Schema | null;
  first?: RecordBatch;
  readonly origin?: OriginWatch;
}

const ROW_GROUP_ROWS = 262_144;
const ROW_GROUP_BYTES = 128 * 1024 * 1024;

/** Writes `frame` to `path`. The file appears under its name only when it is whole. */
export async function writeParquet(path: string, frame: Frame, options: ParquetOptions = {}): Promise<ParquetFile> {
  const origin = new OriginWatch();
  const progress: ParquetProgress = { rows: 0, schema: null, origin };
  const file = await writeWhole(path, async (unfinished) => {
    await pipeline(Readable.from(parquetBytes(frame, options, progress), { objectMode: false }), createWriteStream(unfinished));
    const schema = describeSchema(progress.schema as Schema);
    await beforePublish({ uri: uriOfFile(path), columns: columnsOf(progress.schema as Schema) });
    return { path, rows: progress.rows, bytes: (await stat(unfinished)).size, columns: Object.keys(schema), schema };
  });
  reportWritten({
    uri: uriOfFile(path),
    columns: columnsOf(progress.schema as Schema),
    rows: file.rows,
    bytes: file.bytes,
    ...origin.facts(),
    ...firstRowsOf(progress.first),
  });
  return file;
}

/** The bytes of a Parquet file, as they come about: for an upload that needs no file. Rejects when the frame fails. */
export async function* parquetBytes(
  frame: Frame,
  options: ParquetOptions = {},
  progress: ParquetProgress = { rows: 0, schema: null },
): AsyncGenerator<Uint8Array> {
  // Loaded when needed: a DAG that writes no Parquet does not pay for it.
  const wasm = await import('parquet-wasm');
  const properties = writerProperties(wasm, options);
  const batches = batchesOf(frame);
  let failure: { readonly cause: unknown } | null = null;
  const source = new ReadableStream<ParquetWasm.RecordBatch>(
    {
      async pull(controller) {
        try {
          const next = await batches.next();
          if (next.done) {
            controller.close();
            return;
          }
          progress.schema ??= next.value.schema;
          progress.first ??= next.value;
          progress.origin?.add(next.value);
          progress.rows += next.value.numRows;
          const table = wasm.Table.fromIPCStream(encodeStream(next.value));
          for (const batch of table.recordBatches()) controller.enqueue(batch);
          table.free();
        } catch (cause) {
          // The library takes an error of its source for the end of it, and would write a file of half the rows.
          failure = { cause };
          controller.error(cause);
        }
      },
    },
    { highWaterMark: 0 },
  );
  try {
    const bytes = (await wasm.transformParquetStream(source, properties).catch((cause: unknown) => {
      throw failure?.cause ?? (progress.schema === null ? withoutBatch() : cause);
    })) as unknown as AsyncIterable<Uint8Array>;
    for await (const chunk of bytes) {
      if (failure === null) yield chunk;
    }
    const failed = failure as { readonly cause: unknown } | null;
    if (failed !== null) throw failed.cause;
    if (progress.schema === null) throw withoutBatch();
  } finally {
    await batches.return(undefined);
  }
}

function withoutBatch(): RangeError {
  return new RangeError('a frame without a single batch has no columns and cannot be written.');
}

const COMPRESSIONS: Readonly<Record<ParquetCompression, 'SNAPPY' | 'ZSTD' | 'GZIP' | 'UNCOMPRESSED'>> = {
  snappy: 'SNAPPY',
  zstd: 'ZSTD',
  gzip: 'GZIP',
  none: 'UNCOMPRESSED',
};

function writerProperties(wasm: typeof ParquetWasm, { compression = 'snappy', rowGroupRows = ROW_GROUP_ROWS }: ParquetOptions) {
  if (!Object.hasOwn(COMPRESSIONS, compression))
    throw new RangeError(`compression must be ${Object.keys(COMPRESSIONS).join(', ')}, not ${JSON.stringify(compression)}.`);
  return new wasm.WriterPropertiesBuilder()
    .setCompression(wasm.Compression[COMPRESSIONS[compression]])
    .setCreatedBy('windlass')
    .setMaxRowGroupSize(rowGroupRows)
    .setMaxRowGroupBytes(ROW_GROUP_BYTES)
    .build();
}
