/**
 * Frames as files: Arrow's IPC stream format, uncompressed. Any Arrow library reads them.
 */
import { createReadStream } from 'node:fs';
import { open, readFile, rename, rm } from 'node:fs/promises';
import { type RecordBatch, RecordBatchReader, RecordBatchStreamWriter, type Table, type TypeMap, tableFromIPC } from 'apache-arrow';
import { batchesOf, type Frame } from './frame.ts';

/** What one task tells the next about a frame it left in a file. Small, plain JSON. */
export interface FrameFile {
  readonly path: string;
  readonly rows: number;
  readonly columns: readonly string[];
  readonly bytes: number;
}

/** A message that ends an IPC stream: continuation marker and length zero. */
const END_OF_STREAM = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0);

/**
 * Writes a frame to `path`, batch by batch. The file appears under its name only when it is whole, so a
 * reader (or a retry) never meets half of one.
 */
export async function writeFrame(path: string, frame: Frame): Promise<FrameFile> {
  const unfinished = `${path}.${process.pid}.part`;
  const file = await open(unfinished, 'w');
  let rows = 0;
  let bytes = 0;
  let columns: string[] | null = null;
  try {
    for await (const batch of batchesOf(frame)) {
      const isFirst = columns === null;
      columns ??= batch.schema.fields.map((field) => field.name);
      const message = encodeBatch(batch, isFirst);
      await file.writeFile(message);
      bytes += message.byteLength;
      rows += batch.numRows;
    }
    if (columns === null) throw new RangeError('a frame without a single batch has no columns and cannot be written.');
    await file.writeFile(END_OF_STREAM);
    await file.close();
    await rename(unfinished, path);
  } catch (error) {
    await file.close();
    await rm(unfinished, { force: true });
    throw error;
  }
  return { path, rows, columns, bytes: bytes + END_OF_STREAM.byteLength };
}

/** One batch as IPC messages, with the schema before it if it is the first, without the end mark. */
function encodeBatch(batch: RecordBatch, withSchema: boolean): Uint8Array {
  const writer = new RecordBatchStreamWriter();
  writer.write(batch);
  writer.finish();
  const stream = writer.toUint8Array(true);
  // The schema message comes first: marker, length of its metadata, metadata; it has no body.
  const schemaBytes = 8 + new DataView(stream.buffer, stream.byteOffset).getInt32(4, true);
  return stream.subarray(withSchema ? 0 : schemaBytes, stream.byteLength - END_OF_STREAM.byteLength);
}

/** Reads a whole frame file into one table. */
export async function readFrame<T extends TypeMap = TypeMap>(path: string): Promise<Table<T>> {
  return tableFromIPC<T>(await readFile(path));
}

/** Reads a frame file batch by batch; memory stays at one or two batches. */
export async function* readFrameBatches<T extends TypeMap = TypeMap>(path: string): AsyncGenerator<RecordBatch<T>> {
  const source = createReadStream(path, { highWaterMark: 1024 * 1024 });
  try {
    yield* await RecordBatchReader.from<T>(source);
  } finally {
    source.destroy();
  }
}
