/**
 * Writes a frame as CSV that `readCsv` reads back to the same values: null is an empty field, an empty text is "".
 */
import { createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { type Data, DataType, type RecordBatch, type Schema, TimeUnit } from 'apache-arrow';
import { beforePublish, reportWritten } from '#sdk/runtime/asset-writes.ts';
import { cellReader, isDateDay } from '../arrow/cell.ts';
import { batchesOf, type Frame } from '../arrow/frame.ts';
import { columnsOf, firstRowsOf, uriOfFile } from '../arrow/report-writing.ts';
import { dateText, timestampText } from '../arrow/time-text.ts';
import { writeWhole } from '../files/whole-file.ts';

export interface WriteCsvOptions {
  /** Default `,`. */
  readonly delimiter?: string;
  /** Default: yes if the path ends in `.gz`. */
  readonly gzip?: boolean;
  /** Default `\n`. */
  readonly lineEnd?: '\n' | '\r\n';
}

/** What has been written so far. */
export interface CsvProgress {
  rows: number;
  schema?: Schema;
  first?: RecordBatch;
}

const CHUNK_ROWS = 2048;

/** Writes `frame` to `path`; returns the rows. The file appears under its name only when it is whole. */
export async function writeCsv(path: string, frame: Frame, options: WriteCsvOptions = {}): Promise<number> {
  const count: CsvProgress = { rows: 0 };
  const bytes = await writeWhole(path, async (unfinished) => {
    const text = Readable.from(csvText(frame, options, count), { objectMode: false });
    const file = createWriteStream(unfinished);
    if (options.gzip ?? path.endsWith('.gz')) await pipeline(text, createGzip(), file);
    else await pipeline(text, file);
    if (count.schema) await beforePublish({ uri: uriOfFile(path), columns: columnsOf(count.schema) });
    return (await stat(unfinished)).size;
  });
  reportWritten({
    uri: uriOfFile(path),
    rows: count.rows,
    bytes,
    ...(count.schema && { columns: columnsOf(count.schema) }),
    ...firstRowsOf(count.first),
  });
  return count.rows;
}

/** The text of a CSV, header first, in pieces of a few thousand rows; `count.rows` grows along. */
export async function* csvText(frame: Frame, options: WriteCsvOptions = {}, count: CsvProgress = { rows: 0 }): AsyncGenerator<string> {
  const delimiter = options.delimiter ?? ',';
  const lineEnd = options.lineEnd ?? '\n';
  const mustQuote = new RegExp(`["\\r\\n\\uFEFF${delimiter.replace(/[\\\]^-]/g, '\\$&')}]`);
  const quoted = (text: string) => (text === '' || mustQuote.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  let isFirst = true;
  for await (const batch of batchesOf(frame)) {
    if (isFirst) yield batch.schema.fields.map((field) => quoted(field.name)).join(delimiter) + lineEnd;
    isFirst = false;
    count.schema ??= batch.schema;
    count.first ??= batch;
    const cells = batch.data.children.map((child, index) => cellText(child, batch.schema.fields[index]?.name ?? '', quoted));
    yield* rowsText(batch, cells, delimiter, lineEnd);
    count.rows += batch.numRows;
  }
}

function* rowsText(batch: RecordBatch, cells: readonly ((row: number) => string)[], delimiter: string, lineEnd: string): Generator<string> {
  for (let start = 0; start < batch.numRows; start += CHUNK_ROWS) {
    let text = '';
    const end = Math.min(start + CHUNK_ROWS, batch.numRows);
    for (let row = start; row < end; row++) {
      for (let column = 0; column < cells.length; column++) text += (column === 0 ? '' : delimiter) + cells[column]!(row);
      text += lineEnd;
    }
    yield text;
  }
}

/** How the cells of a column are spelled. */
function cellText(data: Data, name: string, quoted: (text: string) => string): (row: number) => string {
  const { type } = data;
  const read = cellReader(data, name);
  if (DataType.isTimestamp(type)) {
    if (type.unit !== TimeUnit.MICROSECOND)
      throw new TypeError(`column "${name}": only timestamps in microseconds can be written, not ${type}.`);
    return (row) => (read(row) === null ? '' : timestampText(data.values[row] as bigint));
  }
  if (isDateDay(type)) return (row) => (read(row) === null ? '' : dateText(data.values[row] as number));
  return (row) => {
    const value = read(row);
    if (value === null) return '';
    return typeof value === 'string' ? quoted(value) : Object.is(value, -0) ? '-0' : String(value);
  };
}
