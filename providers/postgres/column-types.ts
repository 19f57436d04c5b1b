/**
 * Arrow types and what they are in Postgres: the column type, and how a cell is written in binary COPY. A table of
 * data; what is not in it cannot be loaded.
 */
import { type Data, type DataType, type Float, type Int, Precision, type Timestamp, TimeUnit, Type } from 'apache-arrow';
import type { BinaryWriter } from './binary-writer.ts';

/** Writes the valid cell `row` of one column: length, then bytes. */
export type WriteCell = (out: BinaryWriter, row: number) => void;

interface ColumnType {
  /** The type's name as `format_type` spells it. */
  readonly sql: string;
  /** Prepares to write cells of this column of a record batch. */
  readonly writer: (data: Data) => WriteCell;
}

const EPOCH_DAYS_2000 = 10_957;
const EPOCH_MICROS_2000 = EPOCH_DAYS_2000 * 86_400_000_000;
const TWO_POW_32 = 4_294_967_296;

/** A typed array of 8-byte elements as its 32-bit halves (little-endian). */
function halvesOf(values: ArrayBufferView): Int32Array {
  return new Int32Array(values.buffer, values.byteOffset, values.byteLength / 4);
}

function eightByteWriter(data: Data): WriteCell {
  const halves = halvesOf(data.values);
  return (out, row) => out.eightBytes(halves[row * 2 + 1] as number, halves[row * 2] as number);
}

function int32Writer(data: Data): WriteCell {
  const { values } = data;
  return (out, row) => {
    out.int32(4);
    out.int32(values[row] as number);
  };
}

function int16Writer(data: Data): WriteCell {
  const { values } = data;
  return (out, row) => {
    out.int32(2);
    out.int16(values[row] as number);
  };
}

/** An unsigned 32-bit integer, as bigint. */
function uint32Writer(data: Data): WriteCell {
  const { values } = data;
  return (out, row) => out.eightBytes(0, values[row] as number);
}

/** An unsigned 64-bit integer, as bigint. Throws for what does not fit. */
function uint64Writer(data: Data): WriteCell {
  const halves = halvesOf(data.values);
  return (out, row) => {
    const high = halves[row * 2 + 1] as number;
    if (high < 0) throw new RangeError(`row ${row + 1} of the batch: an unsigned integer above 9223372036854775807 does not fit a bigint.`);
    out.eightBytes(high, halves[row * 2] as number);
  };
}

function float32Writer(data: Data): WriteCell {
  const bits = new Int32Array(data.values.buffer, data.values.byteOffset, data.values.length);
  return (out, row) => {
    out.int32(4);
    out.int32(bits[row] as number);
  };
}

function boolWriter(data: Data): WriteCell {
  const { values, offset } = data;
  return (out, row) => {
    out.int32(1);
    out.bytes[out.at++] = ((values[(offset + row) >> 3] as number) >> ((offset + row) & 7)) & 1;
  };
}

function bytesWriter(data: Data): WriteCell {
  const { values, valueOffsets } = data;
  return (out, row) => out.field(values, valueOffsets[row] as number, valueOffsets[row + 1] as number);
}

/** Days since 1970 -> days since 2000. */
function dateWriter(data: Data): WriteCell {
  const { values } = data;
  return (out, row) => {
    out.int32(4);
    out.int32((values[row] as number) - EPOCH_DAYS_2000);
  };
}

const MICROS_PER: Readonly<Record<TimeUnit, bigint>> = {
  [TimeUnit.SECOND]: 1_000_000n,
  [TimeUnit.MILLISECOND]: 1000n,
  [TimeUnit.MICROSECOND]: 1n,
  [TimeUnit.NANOSECOND]: 0n,
};

/** Microseconds since 1970 -> since 2000. Beyond ±2^53 µs (the years 1684 to 2255) by BigInt. */
function timestampWriter(data: Data): WriteCell {
  const { unit } = data.type as Timestamp;
  const values = data.values as BigInt64Array;
  const slowly = (out: BinaryWriter, row: number) => {
    const value = values[row] as bigint;
    const micros = (unit === TimeUnit.NANOSECOND ? value / 1000n : value * MICROS_PER[unit]) - BigInt(EPOCH_MICROS_2000);
    out.eightBytes(Number(BigInt.asIntN(32, micros >> 32n)), Number(BigInt.asIntN(32, micros)));
  };
  if (unit !== TimeUnit.MICROSECOND) return slowly;
  const halves = halvesOf(values);
  return (out, row) => {
    const micros = (halves[row * 2 + 1] as number) * TWO_POW_32 + ((halves[row * 2] as number) >>> 0) - EPOCH_MICROS_2000;
    if (!Number.isSafeInteger(micros) || Math.abs(micros) > Number.MAX_SAFE_INTEGER - EPOCH_MICROS_2000) return slowly(out, row);
    const high = Math.floor(micros / TWO_POW_32);
    out.eightBytes(high, micros - high * TWO_POW_32);
  };
}

const SIGNED: Readonly<Record<number, ColumnType>> = {
  8: { sql: 'smallint', writer: int16Writer },
  16: { sql: 'smallint', writer: int16Writer },
  32: { sql: 'integer', writer: int32Writer },
  64: { sql: 'bigint', writer: eightByteWriter },
};
const UNSIGNED: Readonly<Record<number, ColumnType>> = {
  8: { sql: 'smallint', writer: int16Writer },
  16: { sql: 'integer', writer: int32Writer },
  32: { sql: 'bigint', writer: uint32Writer },
  64: { sql: 'bigint', writer: uint64Writer },
};

const COLUMN_TYPES: Readonly<Partial<Record<Type, (type: DataType) => ColumnType | undefined>>> = {
  [Type.Int]: (type) => ((type as Int).isSigned ? SIGNED : UNSIGNED)[(type as Int).bitWidth],
  [Type.Float]: (type) => FLOATS[(type as Float).precision],
  [Type.Bool]: () => ({ sql: 'boolean', writer: boolWriter }),
  [Type.Utf8]: () => ({ sql: 'text', writer: bytesWriter }),
  [Type.Binary]: () => ({ sql: 'bytea', writer: bytesWriter }),
  [Type.Date]: (type) => (type.toString() === 'Date32<DAY>' ? { sql: 'date', writer: dateWriter } : undefined),
  [Type.Timestamp]: (type) => ({
    sql: (type as Timestamp).timezone ? 'timestamp with time zone' : 'timestamp without time zone',
    writer: timestampWriter,
  }),
};
const FLOATS: Readonly<Partial<Record<Precision, ColumnType>>> = {
  [Precision.SINGLE]: { sql: 'real', writer: float32Writer },
  [Precision.DOUBLE]: { sql: 'double precision', writer: eightByteWriter },
};

/** How a column is kept in Postgres. Throws, naming it, for a type that is not in the table. */
export function columnTypeOf(type: DataType, column: string): ColumnType {
  const found = COLUMN_TYPES[type.typeId as Type]?.(type);
  if (found !== undefined) return found;
  throw new TypeError(
    `column "${column}": type ${type} cannot be loaded into Postgres. Convert the column, or leave it out with selectColumns.`,
  );
}
