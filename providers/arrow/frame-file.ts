/**
 * Frames as files: Arrow's IPC stream format, uncompressed. Any Arrow library reads them.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { type RecordBatch, RecordBatchReader, type Schema, Table, type TypeMap, tableFromIPC } from 'apache-arrow';
import { Fatal } from '#sdk/outcomes.ts';
import { beforePublish, reportWritten } from '#sdk/runtime/asset-writes.ts';
import { writeWhole } from '../files/whole-file.ts';
import { END_OF_STREAM, encodeBatch } from './encode-batch.ts';
import { batchesOf, type Frame } from './frame.ts';
import { FrameNote, withNote } from './frame-origin.ts';
import { columnsOf, firstRowsOf, uriOfFile } from './report-writing.ts';

/** What one task tells the next about a frame it left in a file. Small, plain JSON. */
export interface FrameFile {
  readonly path: string;
  readonly rows: number;
  readonly columns: readonly string[];
  readonly bytes: number;
  /** Column -> Arrow type, as text: `{"fare": "Float64"}`. */
  readonly schema: Readonly<Record<string, string>>;
  /** sha256 of the file, hex. */
  readonly sha256: string;
}

/** A path, or what `writeFrame` returned: then the file must be the one that was written. */
export type FrameSource = string | Pick<FrameFile, 'path' | 'sha256'>;

/**
 * Writes a frame to `path`, batch by batch. The file appears under its name only when it is whole, so a
 * reader (or a retry) never meets half of one.
 */
export async function writeFrame(path: string, frame: Frame): Promise<FrameFile> {
  let schema: Schema | null = null;
  let first: RecordBatch | null = null;
  const note = new FrameNote();
  const written = await writeWhole(path, async (unfinished) => {
    const file = await open(unfinished, 'w');
    const hash = createHash('sha256');
    let head: Uint8Array = new Uint8Array();
    let isCorrected = false;
    let rows = 0;
    let bytes = 0;
    const write = async (message: Uint8Array) => {
      await file.writeFile(message);
      hash.update(message);
      bytes += message.byteLength;
    };
    try {
      for await (const batch of batchesOf(frame)) {
        if (schema === null) head = encodeBatch(note.begin(batch), true);
        else note.add(batch);
        await write(schema === null ? head : encodeBatch(batch, false));
        schema ??= batch.schema;
        first ??= batch;
        rows += batch.numRows;
      }
      if (schema === null) throw new RangeError('a frame without a single batch has no columns and cannot be written.');
      await write(END_OF_STREAM);
      isCorrected = await note.end(file, head);
    } finally {
      await file.close();
    }
    const types = describeSchema(schema);
    await beforePublish({ uri: uriOfFile(path), columns: columnsOf(schema) });
    const sha256 = isCorrected ? await hashOfFile(unfinished) : hash.digest('hex');
    return { path, rows, columns: Object.keys(types), bytes, schema: types, sha256 };
  });
  const { rows, bytes } = written;
  if (schema !== null)
    reportWritten({ uri: uriOfFile(path), columns: columnsOf(schema), rows, bytes, ...note.facts(), ...firstRowsOf(first) });
  return written;
}

async function hashOfFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/** Column -> Arrow type, as text. */
export function describeSchema(schema: Schema): Readonly<Record<string, string>> {
  return Object.fromEntries(schema.fields.map((field) => [field.name, String(field.type)]));
}

/** Reads a whole frame file into one table. Throws Fatal when it is not the file that was written. */
export async function readFrame<T extends TypeMap = TypeMap>(source: FrameSource): Promise<Table<T>> {
  const bytes = await readFile(pathOf(source));
  checkHash(source, () => createHash('sha256').update(bytes).digest('hex'));
  const { batches, schema } = tableFromIPC<T>(bytes);
  return batches.length === 0 ? new Table(schema) : new Table(batches.map((batch) => withNote(batch, pathOf(source))));
}

/**
 * Reads a frame file batch by batch; memory stays at one or two batches. A file that is not the one that was written
 * fails at its end.
 */
export async function* readFrameBatches<T extends TypeMap = TypeMap>(source: FrameSource): AsyncGenerator<RecordBatch<T>> {
  const file = createReadStream(pathOf(source), { highWaterMark: 1024 * 1024 });
  const hash = createHash('sha256');
  try {
    const batches = await RecordBatchReader.from<T>(typeof source === 'string' ? file : hashed(file, hash));
    for await (const batch of batches) yield withNote(batch, pathOf(source));
    checkHash(source, () => hash.digest('hex'));
  } finally {
    file.destroy();
  }
}

async function* hashed(file: AsyncIterable<Uint8Array>, hash: { update(bytes: Uint8Array): unknown }): AsyncGenerator<Uint8Array> {
  for await (const chunk of file) {
    hash.update(chunk);
    yield chunk;
  }
}

function pathOf(source: FrameSource): string {
  return typeof source === 'string' ? source : source.path;
}

function checkHash(source: FrameSource, digest: () => string): void {
  if (typeof source === 'string' || source.sha256 === undefined || digest() === source.sha256) return;
  throw new Fatal(`${source.path} is not the frame that was written: its sha256 is another. Clear the task that wrote it.`);
}

/** Whether a value is what `writeFrame` returns: for schemas of inputs, `z.custom<FrameFile>(isFrameFile)`. */
export function isFrameFile(value: unknown): value is FrameFile {
  const { path, rows, columns, bytes } = (value ?? {}) as Partial<FrameFile>;
  return typeof path === 'string' && typeof rows === 'number' && Array.isArray(columns) && typeof bytes === 'number';
}
