/**
 * Reads NDJSON (one JSON object per line, gzipped or not) with declared column types into Arrow.
 */
import { Field, makeData, RecordBatch, Schema, Struct, Table } from 'apache-arrow';
import { closest } from '#core/did-you-mean.ts';
import { readFrom } from '../arrow/column-origin.ts';
import { uriOfFile } from '../arrow/report-writing.ts';
import { type ByteSource, readBytes } from '../csv/byte-source.ts';
import type { ColumnBuffer } from '../csv/column-buffer.ts';
import { ARROW_TYPE, type CsvColumns, type CsvType, type CsvTypes } from '../csv/csv-types.ts';
import { MAKE_COLUMN_BUFFER } from '../csv/make-column-buffer.ts';
import { NdjsonError, shownValue } from './ndjson-error.ts';
import { exactInteger, type Line, readLines } from './read-lines.ts';

export interface NdjsonOptions<T extends CsvTypes = CsvTypes> {
  /** Every column that is read. A key that a line lacks is null. */
  readonly types: T;
  /** Keys that `types` does not name: an error or left out. Default `fail`. */
  readonly undeclared?: 'fail' | 'skip';
  /** Rows of one record batch, default 65,536: what bounds the memory of a stream. */
  readonly batchRows?: number;
  /** What messages call the source; default its path, or "ndjson". */
  readonly name?: string;
}

const BATCH_ROWS = 65_536;
const BATCH_TEXT_BYTES_MAX = 64 * 1024 * 1024;

/** Yields record batches as the source is read; there always is one, so that a reader learns the schema. Throws NdjsonError. */
export async function* readNdjsonBatches<const T extends CsvTypes>(
  source: ByteSource,
  options: NdjsonOptions<T>,
): AsyncGenerator<RecordBatch<CsvColumns<T>>> {
  const name = options.name ?? (typeof source === 'string' ? source : 'ndjson');
  const builder = new NdjsonBuilder(options, name);
  const take = () => {
    const batch = builder.takeBatch() as RecordBatch<CsvColumns<T>>;
    return typeof source === 'string' ? readFrom(batch, uriOfFile(source)) : batch;
  };
  let batches = 0;
  for await (const lines of readLines(readBytes(source, name), name)) {
    for (const line of lines) {
      builder.add(line);
      if (!builder.isFull) continue;
      batches += 1;
      yield take();
    }
  }
  if (batches === 0 || builder.rows > 0) yield take();
}

/** Reads a whole source into one table. Throws NdjsonError with line, column and value. */
export async function readNdjson<const T extends CsvTypes>(source: ByteSource, options: NdjsonOptions<T>): Promise<Table<CsvColumns<T>>> {
  const batches: RecordBatch<CsvColumns<T>>[] = [];
  for await (const batch of readNdjsonBatches(source, options)) batches.push(batch);
  return new Table(batches);
}

interface Column {
  readonly name: string;
  readonly type: CsvType;
  readonly buffer: ColumnBuffer;
}

const EXPECTED: Readonly<Record<CsvType, string>> = {
  int64: 'a whole number (int64)',
  float64: 'a number (float64)',
  timestamp: 'a text like "2021-01-31 23:59:59" without a time zone and at most microseconds (timestamp)',
  date: 'a text like "2021-01-31" (date)',
  bool: 'true or false (bool)',
  text: 'a text, an object or a list (text)',
};

class NdjsonBuilder {
  readonly #name: string;
  readonly #batchRows: number;
  readonly #refusesOthers: boolean;
  readonly #columns: readonly Column[];
  readonly #known: ReadonlySet<string>;
  readonly #schema: Schema;
  /** Texts of cells pass through here; long ones get memory of their own. */
  readonly #scratch = Buffer.alloc(4096);
  rows = 0;

  constructor({ types, undeclared = 'fail', batchRows = BATCH_ROWS }: NdjsonOptions, name: string) {
    this.#name = name;
    this.#batchRows = batchRows;
    this.#refusesOthers = undeclared === 'fail';
    this.#columns = Object.entries(types).map(([column, type]) => ({ name: column, type, buffer: MAKE_COLUMN_BUFFER[type](batchRows) }));
    this.#known = new Set(Object.keys(types));
    this.#schema = new Schema(this.#columns.map((column) => new Field(column.name, ARROW_TYPE[column.type](), true)));
  }

  get isFull(): boolean {
    if (this.rows >= this.#batchRows) return true;
    return this.rows % 1024 === 0 && this.#columns.some(({ buffer }) => buffer.varyingBytes(this.rows) > BATCH_TEXT_BYTES_MAX);
  }

  add(line: Line): void {
    if (this.#refusesOthers) for (const key in line.row) if (!this.#known.has(key)) throw this.#undeclared(line, key);
    for (const column of this.#columns) {
      const value = Object.hasOwn(line.row, column.name) ? line.row[column.name] : null;
      if (value === null || value === undefined) column.buffer.storeNull(this.rows);
      else if (!this.#store(column, value, line))
        throw new NdjsonError(
          this.#name,
          { line: line.number, column: column.name },
          `${shownValue(value)} is not ${EXPECTED[column.type]}. Correct the file, or declare the column as another type.`,
        );
    }
    this.rows += 1;
  }

  takeBatch(): RecordBatch {
    const children = this.#columns.map(({ buffer }) => buffer.take(this.rows));
    const data = makeData({ type: new Struct(this.#schema.fields), length: this.rows, nullCount: 0, children });
    this.rows = 0;
    return new RecordBatch(this.#schema, data);
  }

  #store({ name, type, buffer }: Column, value: unknown, line: Line): boolean {
    const text = cellText(type, type === 'int64' && needsDigits(value) ? (exactInteger(line.text, name) ?? value) : value);
    if (text === null) return false;
    if (text.length * 3 <= this.#scratch.length) return buffer.store(this.#scratch, 0, this.#scratch.write(text, 0), this.rows);
    const bytes = Buffer.from(text);
    return buffer.store(bytes, 0, bytes.length, this.rows);
  }

  #undeclared(line: Line, key: string): NdjsonError {
    const near = closest(key, [...this.#known]);
    const hint = near === null ? '' : ` Did you mean "${near}"?`;
    return new NdjsonError(
      this.#name,
      { line: line.number, column: key },
      `no type is declared for it.${hint} Add it to types, or set undeclared to 'skip'.`,
    );
  }
}

function needsDigits(value: unknown): boolean {
  return typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value);
}

/** The text of a value that the column's parser takes; null = a JSON value of another kind. */
function cellText(type: CsvType, value: unknown): string | null {
  switch (type) {
    case 'int64':
    case 'float64':
      // A text is taken, too: programs write 64-bit integers and NaN that way.
      return typeof value === 'number' || typeof value === 'bigint' || typeof value === 'string' ? numberText(value) : null;
    case 'bool':
      return typeof value === 'boolean' ? String(value) : null;
    case 'timestamp':
    case 'date':
      return typeof value === 'string' ? value : null;
    case 'text':
      if (typeof value === 'string') return value;
      return typeof value === 'object' ? JSON.stringify(value) : null;
  }
}

function numberText(value: number | bigint | string): string {
  return Object.is(value, -0) ? '-0' : String(value);
}
