/**
 * Where the columns of a frame come from, noted in its file: in the metadata of its schema, which other readers of Arrow pass over. It is
 * written before the rows are known; what they then do not bear out is taken back in its place.
 */
import { createReadStream } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { RecordBatch, RecordBatchReader, Schema, type TypeMap } from 'apache-arrow';
import { type ColumnLineage, type ColumnSource, parseLineage, VERSION_LIMITS } from '#core/assets/asset-version.ts';
import { assetAt, settleLineage, traceOfTask } from '#sdk/runtime/asset-writes.ts';
import { type KnownTable, type OriginOf, OriginWatch, withOrigin } from './column-origin.ts';
import { uriOfFile } from './report-writing.ts';

const KEY = 'windlass.lineage';
const NOTE_CHARS = 128 * 1024;

interface Note {
  /** `frame://<DAG>/<task>` */
  readonly frame: string;
  readonly task: string;
  readonly columns: ColumnLineage;
}

/** What a frame says of itself as it is written. */
export class FrameNote {
  readonly #watch = new OriginWatch();
  #noted: Note | null = null;

  /** The first batch with the note in its schema, and without one that came along from elsewhere. */
  begin<T extends TypeMap>(batch: RecordBatch<T>): RecordBatch<T> {
    this.add(batch);
    this.#noted = this.#note();
    const metadata = new Map(batch.schema.metadata);
    if (!metadata.delete(KEY) && this.#noted === null) return batch;
    if (this.#noted !== null) metadata.set(KEY, JSON.stringify(this.#noted));
    return withMetadata(batch, metadata);
  }

  add(batch: RecordBatch): void {
    this.#watch.add(batch);
  }

  facts() {
    return this.#watch.facts();
  }

  /** Takes back what later batches do not bear out. Returns whether the file has changed. `head`: the first bytes of the file. */
  async end(file: FileHandle, head: Uint8Array): Promise<boolean> {
    const noted = this.#noted;
    const now = this.#note();
    if (noted === null || now === null) return false;
    const isStill = ([column, sources]: readonly [string, readonly ColumnSource[]]) =>
      Object.hasOwn(now.columns, column) && JSON.stringify(now.columns[column]) === JSON.stringify(sources);
    const text = Buffer.from(JSON.stringify(noted));
    const right = JSON.stringify({ ...noted, columns: Object.fromEntries(Object.entries(noted.columns).filter(isStill)) });
    // JSON may end in blanks.
    const padded = Buffer.alloc(text.length, ' ');
    padded.write(right);
    if (padded.equals(text)) return false;
    await file.write(padded, 0, padded.length, Buffer.from(head.buffer, head.byteOffset, head.byteLength).indexOf(text));
    return true;
  }

  #note(): Note | null {
    const trace = traceOfTask();
    if (trace === null) return null;
    const note: Note = { frame: trace.name, task: trace.taskId, columns: settleLineage(this.#watch.lineage ?? {}) ?? {} };
    return JSON.stringify(note).length > NOTE_CHARS ? { ...note, columns: {} } : note;
  }
}

/** A batch of a frame's file, with what its note says of each column; the note itself goes no further. */
export function withNote<T extends TypeMap>(batch: RecordBatch<T>, path: string): RecordBatch<T> {
  const { metadata } = batch.schema;
  const text = metadata.get(KEY);
  withOrigin(batch, originIn(text, path));
  if (text === undefined) return batch;
  const others = new Map(metadata);
  others.delete(KEY);
  return withMetadata(batch, others);
}

/** A frame as a table that a statement reads. */
export async function frameTable(path: string): Promise<KnownTable> {
  const file = createReadStream(path);
  try {
    const reader = await (await RecordBatchReader.from(file)).open();
    const { fields, metadata } = reader.schema;
    const originOf = originIn(metadata.get(KEY), path);
    const columns = fields.map((field) => field.name);
    return { columns, sourcesOf: (column) => originOf(column, columns.indexOf(column)) };
  } finally {
    file.destroy();
  }
}

/** A frame that is an asset stands for itself; of another, it is known as far as its note says. */
function originIn(text: string | undefined, path: string): OriginOf {
  const uri = uriOfFile(path);
  const asset = assetAt({ uri });
  if (asset !== null) return (column) => [{ asset, column }];
  const note = text === undefined ? null : readNote(text);
  if (note === null) return () => null;
  const { frame, task, columns } = note;
  return (column) => {
    const sources = Object.hasOwn(columns, column) ? columns[column] : undefined;
    return sources?.map((source) => passedThrough(source, task)) ?? [{ asset: frame, column }];
  };
}

function passedThrough(source: ColumnSource, task: string): ColumnSource {
  return { ...source, through: [...(source.through ?? []), task].slice(-VERSION_LIMITS.through) };
}

/** Null for what is no note: anybody may have written the file. */
function readNote(text: string): Note | null {
  try {
    const { frame, task, columns } = JSON.parse(text) as { frame?: unknown; task?: unknown; columns?: unknown };
    if (typeof frame !== 'string' || typeof task !== 'string') return null;
    return { frame, task, columns: parseLineage(columns) ?? {} };
  } catch {
    return null;
  }
}

function withMetadata<T extends TypeMap>(batch: RecordBatch<T>, metadata: Map<string, string>): RecordBatch<T> {
  return new RecordBatch(new Schema<T>(batch.schema.fields, metadata, batch.schema.dictionaries), batch.data);
}
