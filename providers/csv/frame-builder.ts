/**
 * Turns the fields of records into Arrow record batches, and says exactly where a field is wrong.
 */
import { Field, makeData, RecordBatch, Schema, Struct } from 'apache-arrow';
import type { ColumnBuffer } from './column-buffer.ts';
import { CsvError, shownText } from './csv-error.ts';
import { ARROW_TYPE, type CsvType } from './csv-types.ts';
import { MAKE_COLUMN_BUFFER } from './make-column-buffer.ts';
import type { FieldSink } from './record-scanner.ts';

/** A column of the file, in the file's order; `type` null = not read. */
export interface FileColumn {
  readonly name: string;
  readonly type: CsvType | null;
}

export interface FrameBuilderOptions {
  readonly columns: readonly FileColumn[];
  readonly nulls: readonly string[];
  readonly batchRows: number;
  readonly name: string;
}

/** Text of one batch stays far below Arrow's 2 GiB limit of a text column. */
const MAX_BATCH_TEXT_BYTES = 64 * 1024 * 1024;
const CHECK_TEXT_EVERY_ROWS = 1024;

const EXPECTED: Readonly<Record<CsvType, string>> = {
  int64: 'a whole number (int64)',
  float64: 'a number (float64)',
  timestamp: 'a timestamp like "2021-01-31 23:59:59" without a time zone and at most microseconds',
  date: 'a date like "2021-01-31"',
  bool: 'true or false',
  text: 'text',
};

export class FrameBuilder implements FieldSink {
  readonly schema: Schema;
  readonly #options: FrameBuilderOptions;
  readonly #buffers: readonly (ColumnBuffer | null)[];
  readonly #nulls: readonly Uint8Array[];
  #rows = 0;
  #rowsBefore = 0;
  #line = 2;
  /** Lines at which the rows of this batch begin; needed only if a text turns out not to be UTF-8. */
  #batchFirstLine = 2;

  constructor(options: FrameBuilderOptions, firstLine: number) {
    this.#options = options;
    this.#nulls = options.nulls.map((text) => Buffer.from(text));
    this.#line = firstLine;
    this.#batchFirstLine = firstLine;
    this.#buffers = options.columns.map((column) => (column.type === null ? null : MAKE_COLUMN_BUFFER[column.type](options.batchRows)));
    this.schema = new Schema(
      options.columns.flatMap((column) => (column.type === null ? [] : [new Field(column.name, ARROW_TYPE[column.type](), true)])),
    );
  }

  /** Columns of the file, read or not. */
  get columnCount(): number {
    return this.#buffers.length;
  }

  /** Data rows so far, all batches. */
  get rowCount(): number {
    return this.#rowsBefore + this.#rows;
  }

  get isFull(): boolean {
    if (this.#rows >= this.#options.batchRows) return true;
    if (this.#rows % CHECK_TEXT_EVERY_ROWS !== 0) return false;
    return this.#buffers.some((buffer) => buffer !== null && buffer.varyingBytes(this.#rows) > MAX_BATCH_TEXT_BYTES);
  }

  field(index: number, bytes: Uint8Array, start: number, end: number, isQuoted: boolean): void {
    const buffer = this.#buffers[index];
    if (buffer === null) return;
    if (buffer === undefined) throw this.#tooManyFields(bytes, start, end);
    if (!isQuoted && (start === end || this.#isNull(bytes, start, end))) buffer.storeNull(this.#rows);
    else if (!buffer.store(bytes, start, end, this.#rows)) throw this.#wrongType(index, bytes.subarray(start, end));
  }

  /** The record is whole: `fieldCount` fields, and `innerLines` line breaks inside quotes. */
  commitRow(fieldCount: number, innerLines: number): void {
    if (fieldCount !== this.#buffers.length) throw this.#tooFewFields(fieldCount);
    this.#rows++;
    this.#line += 1 + innerLines;
  }

  /** A blank line between rows was passed over. */
  skipLine(): void {
    this.#line++;
  }

  /** Hands over what was filled, possibly no row at all. */
  takeBatch(): RecordBatch {
    const rows = this.#rows;
    this.#checkText(rows);
    const children = this.#buffers.flatMap((buffer) => (buffer === null ? [] : [buffer.take(rows)]));
    this.#rowsBefore += rows;
    this.#rows = 0;
    this.#batchFirstLine = this.#line;
    return new RecordBatch(this.schema, makeData({ type: new Struct(this.schema.fields), length: rows, nullCount: 0, children }));
  }

  /** An error at the row being read. */
  errorHere(what: string, columnIndex?: number, text?: string): CsvError {
    const column = columnIndex === undefined ? undefined : this.#options.columns[columnIndex]?.name;
    const at = {
      row: this.rowCount + 1,
      line: this.#line,
      ...(column === undefined ? {} : { column }),
      ...(text === undefined ? {} : { text }),
    };
    return new CsvError(this.#options.name, at, what);
  }

  #isNull(bytes: Uint8Array, start: number, end: number): boolean {
    for (const text of this.#nulls) {
      if (text.length === end - start && text.every((byte, i) => bytes[start + i] === byte)) return true;
    }
    return false;
  }

  #checkText(rows: number): void {
    this.#buffers.forEach((buffer, index) => {
      const row = buffer?.firstInvalidRow(rows) ?? -1;
      if (row < 0) return;
      const at = { row: this.#rowsBefore + row + 1, line: this.#batchFirstLine + row, column: this.#options.columns[index]?.name ?? '' };
      throw new CsvError(this.#options.name, at, 'the text is not UTF-8. Save the file as UTF-8 and read it again.');
    });
  }

  #wrongType(index: number, cell: Uint8Array): CsvError {
    const type = this.#options.columns[index]?.type ?? 'text';
    const text = shownText(cell);
    return this.errorHere(`"${text}" is not ${EXPECTED[type]}. Correct the file, or declare the column as another type.`, index, text);
  }

  #tooManyFields(bytes: Uint8Array, start: number, end: number): CsvError {
    const text = shownText(bytes.subarray(start, end));
    const columns = this.#buffers.length;
    return this.errorHere(
      `more fields than the header's ${columns}: "${text}" is field ${columns + 1}. Is a comma not quoted?`,
      undefined,
      text,
    );
  }

  #tooFewFields(count: number): CsvError {
    const missing = this.#options.columns[count]?.name;
    return this.errorHere(
      `${count} fields where the header has ${this.#buffers.length}: nothing for "${missing}". Is the file cut off?`,
      count,
    );
  }
}
