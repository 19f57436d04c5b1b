/**
 * Writes a frame as CSV that `readCsv` reads back to the same values: null is an empty field, an empty text is "".
 */
import { type Data, DataType, type RecordBatch, TimeUnit } from 'apache-arrow';
import { cellReader, isDateDay } from '../arrow/cell.ts';
import { batchesOf, type Frame } from '../arrow/frame.ts';
import { type TextProgress, writeTextFile } from '../arrow/text-file.ts';
import { dateText, timestampText } from '../arrow/time-text.ts';

export interface WriteCsvOptions {
  /** Default `,`. */
  readonly delimiter?: string;
  /** Default: yes if the path ends in `.gz`. */
  readonly gzip?: boolean;
  /** Default `\n`. */
  readonly lineEnd?: '\n' | '\r\n';
}

const CHUNK_ROWS = 2048;

/** Writes `frame` to `path`; returns the rows. The file appears under its name only when it is whole. */
export async function writeCsv(path: string, frame: Frame, options: WriteCsvOptions = {}): Promise<number> {
  return writeTextFile(path, options.gzip, (progress) => csvText(frame, options, progress));
}

/** The text of a CSV, header first, in pieces of a few thousand rows; `progress.rows` grows along. */
export async function* csvText(frame: Frame, options: WriteCsvOptions = {}, progress: TextProgress = { rows: 0 }): AsyncGenerator<string> {
  const delimiter = options.delimiter ?? ',';
  const lineEnd = options.lineEnd ?? '\n';
  const mustQuote = new RegExp(`["\\r\\n\\uFEFF${delimiter.replace(/[\\\]^-]/g, '\\$&')}]`);
  const quoted = (text: string) => (text === '' || mustQuote.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  let isFirst = true;
  for await (const batch of batchesOf(frame)) {
    if (isFirst) yield batch.schema.fields.map((field) => quoted(field.name)).join(delimiter) + lineEnd;
    isFirst = false;
    progress.schema ??= batch.schema;
    progress.first ??= batch;
    progress.origin?.add(batch);
    const cells = batch.data.children.map((child, index) => cellText(child, batch.schema.fields[index]?.name ?? '', quoted));
    yield* rowsText(batch, cells, delimiter, lineEnd);
    progress.rows += batch.numRows;
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
