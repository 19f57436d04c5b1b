/**
 * Copies chosen rows of a record batch, buffer by buffer.
 */
import { type Data, DataType, makeData, RecordBatch, Struct, type TypeMap } from 'apache-arrow';
import { validityReader } from './cell.ts';
import { keepOrigin } from './column-origin.ts';

/** A new batch of the rows `rows[0, count)`, in that order. Throws for nested and other types without flat buffers. */
export function takeRows<T extends TypeMap>(batch: RecordBatch<T>, rows: Int32Array, count: number): RecordBatch<T> {
  const children = batch.data.children.map((child, index) =>
    keepOrigin(child, takeColumn(child, rows, count, batch.schema.fields[index]?.name ?? '')),
  );
  return new RecordBatch(batch.schema, makeData({ type: new Struct(batch.schema.fields), length: count, nullCount: 0, children }));
}

function takeColumn(data: Data, rows: Int32Array, count: number, name: string): Data {
  const { type } = data;
  const validity = takeValidity(data, rows, count);
  const make = (props: object): Data =>
    makeData({ type, length: count, ...validity, ...props } as unknown as Parameters<typeof makeData>[0]);
  if (DataType.isBool(type)) return make({ data: takeBits(data, rows, count) });
  if (DataType.isUtf8(type)) return make(takeText(data, rows, count));
  if (DataType.isInt(type) || DataType.isFloat(type) || DataType.isDate(type) || DataType.isTimestamp(type)) {
    return make({ data: takeFixed(data.values as FixedArray, rows, count) });
  }
  throw new TypeError(`column "${name}": rows of type ${type} cannot be filtered. Leave the column out with selectColumns first.`);
}

type FixedArray =
  | Int8Array
  | Int16Array
  | Int32Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | Float32Array
  | Float64Array
  | BigInt64Array;

function takeFixed(values: FixedArray, rows: Int32Array, count: number): ArrayBufferView {
  if (values.BYTES_PER_ELEMENT === 8) return takeEightBytes(values, rows, count);
  const source = values as Int32Array;
  const taken = new (values.constructor as Int32ArrayConstructor)(count);
  for (let i = 0; i < count; i++) taken[i] = source[rows[i] as number] as number;
  return taken;
}

/** As pairs of 32-bit halves: no BigInt per cell, and the bits of a NaN stay as they are. */
function takeEightBytes(values: FixedArray, rows: Int32Array, count: number): ArrayBufferView {
  const source = new Int32Array(values.buffer, values.byteOffset, values.length * 2);
  const halves = new Int32Array(count * 2);
  for (let i = 0; i < count; i++) {
    const from = (rows[i] as number) * 2;
    halves[i * 2] = source[from] as number;
    halves[i * 2 + 1] = source[from + 1] as number;
  }
  return new (values.constructor as BigInt64ArrayConstructor)(halves.buffer, 0, count);
}

function takeText(data: Data, rows: Int32Array, count: number): { valueOffsets: Int32Array; data: Uint8Array } {
  const offsets = data.valueOffsets as Int32Array;
  const bytes = data.values as Uint8Array;
  const valueOffsets = new Int32Array(count + 1);
  for (let i = 0; i < count; i++) {
    const row = rows[i] as number;
    valueOffsets[i + 1] = (valueOffsets[i] as number) + (offsets[row + 1] as number) - (offsets[row] as number);
  }
  const taken = new Uint8Array(valueOffsets[count] as number);
  for (let i = 0; i < count; i++) {
    const from = offsets[rows[i] as number] as number;
    const to = valueOffsets[i] as number;
    const length = (valueOffsets[i + 1] as number) - to;
    for (let j = 0; j < length; j++) taken[to + j] = bytes[from + j] as number;
  }
  return { valueOffsets, data: taken };
}

function takeBits(data: Data, rows: Int32Array, count: number): Uint8Array {
  const { values, offset } = data;
  return gatherBits((row) => (((values[(offset + row) >> 3] as number) >> ((offset + row) & 7)) & 1) === 1, rows, count);
}

function takeValidity(data: Data, rows: Int32Array, count: number): { nullBitmap?: Uint8Array; nullCount: number } {
  if (data.nullCount === 0) return { nullCount: 0 };
  return { nullBitmap: gatherBits(validityReader(data), rows, count), nullCount: -1 };
}

function gatherBits(isSet: (row: number) => boolean, rows: Int32Array, count: number): Uint8Array {
  const bits = new Uint8Array(((count + 63) & ~63) >> 3);
  for (let i = 0; i < count; i++) {
    if (isSet(rows[i] as number)) bits[i >> 3] = (bits[i >> 3] as number) | (1 << (i & 7));
  }
  return bits;
}
