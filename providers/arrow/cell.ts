/**
 * Cells of a column as plain JavaScript values, read from its buffers.
 */
import {
  type Bool,
  type Data,
  DataType,
  type DateDay,
  DateUnit,
  type Float,
  type Int,
  type Timestamp,
  TimeUnit,
  type Utf8,
} from 'apache-arrow';

/**
 * What a cell of type `T` reads as. A 64-bit integer is a number, or a bigint beyond ±2^53. A date or timestamp
 * is a Date (a naive one read as UTC; microseconds are dropped).
 */
export type CellOf<T extends DataType> = T extends Bool
  ? boolean | null
  : T extends Int
    ? number | bigint | null
    : T extends Float
      ? number | null
      : T extends Utf8
        ? string | null
        : T extends Timestamp | DateDay
          ? Date | null
          : unknown;

export type Cell = boolean | number | bigint | string | Date | null;

const MS_PER_DAY = 86_400_000;
const MS_PER_UNIT: Readonly<Record<TimeUnit, number>> = {
  [TimeUnit.SECOND]: 1000,
  [TimeUnit.MILLISECOND]: 1,
  [TimeUnit.MICROSECOND]: 1e-3,
  [TimeUnit.NANOSECOND]: 1e-6,
};
/** A text that begins with U+FEFF keeps it: by default a TextDecoder drops it as a byte order mark. */
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** Tells whether row `row` of a column holds a value. */
export function validityReader(data: Data): (row: number) => boolean {
  const { nullBitmap, offset } = data;
  if (data.nullCount === 0 || !nullBitmap || nullBitmap.byteLength === 0) return () => true;
  return (row) => (((nullBitmap[(offset + row) >> 3] as number) >> ((offset + row) & 7)) & 1) === 1;
}

/** Returns a function that reads cell after cell of a column. Throws for types that are no plain values. */
export function cellReader(data: Data, column: string): (row: number) => Cell {
  const isValid = validityReader(data);
  const read = valueReader(data, column);
  return (row) => (isValid(row) ? read(row) : null);
}

function valueReader(data: Data, column: string): (row: number) => Cell {
  const { type, values, valueOffsets, offset } = data;
  if (DataType.isInt(type) && type.bitWidth === 64) return (row) => narrow(values[row] as bigint);
  if (DataType.isInt(type) || DataType.isFloat(type)) return (row) => values[row] as number;
  if (DataType.isBool(type)) return (row) => (((values[(offset + row) >> 3] as number) >> ((offset + row) & 7)) & 1) === 1;
  if (DataType.isUtf8(type)) return (row) => decoder.decode(values.subarray(valueOffsets[row], valueOffsets[row + 1]));
  if (isDateDay(type)) return (row) => new Date((values[row] as number) * MS_PER_DAY);
  if (DataType.isTimestamp(type)) {
    const factor = MS_PER_UNIT[type.unit];
    return (row) => new Date(Math.floor(Number(values[row] as bigint) * factor));
  }
  throw new TypeError(`column "${column}": cells of type ${type} cannot be read one by one.`);
}

/** Whether cells are days. A type that came through a file is of the general class of dates, not of `DateDay`. */
export function isDateDay(type: DataType): boolean {
  return DataType.isDate(type) && type.unit === DateUnit.DAY;
}

/** A bigint as a number where that loses nothing. */
export function narrow(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
