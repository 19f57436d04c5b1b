import type { RecordBatch, Schema } from 'apache-arrow';
import { validityReader } from '../arrow/cell.ts';
import { BinaryWriter } from './binary-writer.ts';
import { columnTypeOf } from './column-types.ts';

/** Enough for any cell of fixed width, its length included. */
const FIXED_CELL_BYTES = 16;

/** What has been sent so far. */
export interface CopyProgress {
  rows: number;
  bytes: number;
}

/**
 * Yields the rows of `batches` as Postgres' binary COPY stream, in pieces of about 256 KB, and keeps `progress` up
 * to date. Throws if a batch has other columns than `schema`.
 */
export async function* encodeCopy(
  batches: AsyncIterable<RecordBatch>,
  schema: Schema,
  progress: CopyProgress = { rows: 0, bytes: 0 },
): AsyncGenerator<Buffer> {
  const out = new BinaryWriter();
  out.header();
  for await (const batch of batches) {
    checkSameColumns(schema, batch.schema);
    for (const piece of encodeRows(batch, out)) {
      progress.bytes += piece.length;
      yield piece;
    }
    progress.rows += batch.numRows;
  }
  out.trailer();
  progress.bytes += out.at;
  yield out.take();
}

function* encodeRows(batch: RecordBatch, out: BinaryWriter): Generator<Buffer> {
  const columns = batch.data.children.map((data, index) => ({
    isValid: validityReader(data),
    write: columnTypeOf(data.type, batch.schema.fields[index]?.name ?? '').writer(data),
  }));
  const fixedRowBytes = 2 + columns.length * FIXED_CELL_BYTES;
  out.reserveBytes = fixedRowBytes;
  for (let row = 0; row < batch.numRows; row++) {
    out.need(fixedRowBytes);
    out.int16(columns.length);
    for (const column of columns) {
      if (column.isValid(row)) column.write(out, row);
      else out.int32(-1);
    }
    if (out.isFull) yield out.take();
  }
}

function checkSameColumns(expected: Schema, found: Schema): void {
  const spell = (schema: Schema) => schema.fields.map((field) => `${field.name} ${field.type}`).join(', ');
  if (spell(expected) !== spell(found)) {
    throw new TypeError(`the batches of a frame must have the same columns. First: ${spell(expected)}. Then: ${spell(found)}.`);
  }
}
