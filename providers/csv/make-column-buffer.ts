/**
 * The buffer for each declared type, as data.
 */
import { DateDay, Float64, Int64, TimestampMicrosecond } from 'apache-arrow';
import { BoolBuffer } from './bool-buffer.ts';
import type { ColumnBuffer } from './column-buffer.ts';
import type { CsvType } from './csv-types.ts';
import { FixedWidthBuffer, type FixedWidthFormat } from './fixed-width-buffer.ts';
import { parseFloat64, parseInt64 } from './parse-number.ts';
import { parseDate, parseTimestamp } from './parse-timestamp.ts';
import { TextBuffer } from './text-buffer.ts';

/** 64-bit integers are filled as two 32-bit halves, so that no BigInt is made per cell. */
const INT64: FixedWidthFormat<Int32Array> = {
  type: new Int64(),
  allocate: (capacity) => new Int32Array(capacity * 2),
  parse: parseInt64,
  view: (halves, rows) => new BigInt64Array(halves.buffer as ArrayBuffer, 0, rows),
};

const TIMESTAMP: FixedWidthFormat<Int32Array> = { ...INT64, type: new TimestampMicrosecond(), parse: parseTimestamp };

const FLOAT64: FixedWidthFormat<Float64Array> = {
  type: new Float64(),
  allocate: (capacity) => new Float64Array(capacity),
  parse: (bytes, start, end, values, row) => {
    const value = parseFloat64(bytes, start, end);
    if (value === undefined) return false;
    values[row] = value;
    return true;
  },
  view: (values, rows) => values.subarray(0, rows),
};

const DATE: FixedWidthFormat<Int32Array> = {
  type: new DateDay(),
  allocate: (capacity) => new Int32Array(capacity),
  parse: (bytes, start, end, values, row) => {
    const days = end - start === 10 ? parseDate(bytes, start, end) : Number.NaN;
    values[row] = days;
    return !Number.isNaN(days);
  },
  view: (values, rows) => values.subarray(0, rows),
};

/** Makes the buffer of a column that holds up to `capacity` rows. */
export const MAKE_COLUMN_BUFFER: Readonly<Record<CsvType, (capacity: number) => ColumnBuffer>> = {
  int64: (capacity) => new FixedWidthBuffer(capacity, INT64),
  float64: (capacity) => new FixedWidthBuffer(capacity, FLOAT64),
  timestamp: (capacity) => new FixedWidthBuffer(capacity, TIMESTAMP),
  date: (capacity) => new FixedWidthBuffer(capacity, DATE),
  bool: (capacity) => new BoolBuffer(capacity),
  text: (capacity) => new TextBuffer(capacity),
};
