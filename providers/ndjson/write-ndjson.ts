/**
 * Writes a frame as NDJSON that `readNdjson` reads back to the same values.
 */
import { type Data, DataType, TimeUnit } from 'apache-arrow';
import { cellReader, isDateDay } from '../arrow/cell.ts';
import { batchesOf, type Frame } from '../arrow/frame.ts';
import { type TextProgress, writeTextFile } from '../arrow/text-file.ts';
import { dateText, timestampText } from '../arrow/time-text.ts';

export interface WriteNdjsonOptions {
  /** Default: yes if the path ends in `.gz`. */
  readonly gzip?: boolean;
}

const CHUNK_ROWS = 2048;

/** Writes `frame` to `path`; returns the rows. The file appears under its name only when it is whole. */
export async function writeNdjson(path: string, frame: Frame, options: WriteNdjsonOptions = {}): Promise<number> {
  return writeTextFile(path, options.gzip, (progress) => ndjsonText(frame, progress));
}

/** The text in pieces of a few thousand rows; `progress.rows` grows along. A null is written, too: every line has every key. */
export async function* ndjsonText(frame: Frame, progress: TextProgress = { rows: 0 }): AsyncGenerator<string> {
  for await (const batch of batchesOf(frame)) {
    progress.schema ??= batch.schema;
    progress.first ??= batch;
    progress.origin?.add(batch);
    const cells = batch.data.children.map((child, index) => {
      const name = batch.schema.fields[index]?.name ?? '';
      return { key: `${index === 0 ? '{' : ','}${JSON.stringify(name)}:`, text: jsonText(child, name) };
    });
    for (let start = 0; start < batch.numRows; start += CHUNK_ROWS) {
      let text = '';
      const end = Math.min(start + CHUNK_ROWS, batch.numRows);
      for (let row = start; row < end; row++) {
        for (const cell of cells) text += cell.key + cell.text(row);
        text += '}\n';
      }
      yield text;
    }
    progress.rows += batch.numRows;
  }
}

/** How the cells of a column are spelled. */
function jsonText(data: Data, name: string): (row: number) => string {
  const { type } = data;
  const read = cellReader(data, name);
  if (DataType.isTimestamp(type)) {
    if (type.unit !== TimeUnit.MICROSECOND)
      throw new TypeError(`column "${name}": only timestamps in microseconds can be written, not ${type}.`);
    return (row) => (read(row) === null ? 'null' : `"${timestampText(data.values[row] as bigint)}"`);
  }
  if (isDateDay(type)) return (row) => (read(row) === null ? 'null' : `"${dateText(data.values[row] as number)}"`);
  return (row) => {
    const value = read(row);
    if (typeof value === 'string') return JSON.stringify(value);
    if (typeof value !== 'number') return String(value);
    // JSON has no such numbers; a reader of float64 takes the words.
    if (!Number.isFinite(value)) return `"${value}"`;
    return Object.is(value, -0) ? '-0' : String(value);
  };
}
