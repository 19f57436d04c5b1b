/**
 * Cells of some rows of a column, read from just the bytes where they lie. Memory is bounded by the number of rows: a long text is cut, and
 * texts that are long together are read one by one.
 */
import { DataType, type Dictionary } from 'apache-arrow';
import { invalid, type RangedBytes } from '../bytes/ranged-bytes.ts';
import { type CellKind, cellKindOf, type Place, widthOf } from './column-layout.ts';
import type { BatchPart } from './frame-index.ts';
import { type OpenBatch, openBatch } from './open-batch.ts';
import { readNested } from './read-nested.ts';

/** A date or time is the number that stands for it; a binary and a decimal are their bytes in hex. */
export type RawCell = boolean | number | bigint | string | null;

export const CELL_MAX_BYTES = 2_000;
const TOGETHER_MAX_BYTES = 4 * 1024 * 1024;
const DICTIONARY_MAX_VALUES = 100_000;
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

export interface Wanted {
  readonly type: DataType;
  readonly place: Place;
  readonly from: number;
  readonly to: number;
  readonly dictionaries: BatchPart['dictionaries'];
}

/** Null for a type whose cells are not shown. */
export async function readValues(bytes: RangedBytes, batch: OpenBatch, wanted: Wanted): Promise<RawCell[] | null> {
  const { type, place, from, to } = wanted;
  const kind = cellKindOf(type);
  if (kind === null) return null;
  if (kind === 'null' || from >= to) return Array.from({ length: Math.max(0, to - from) }, () => null);
  const read = (buffer: number, offset: number, length: number) => batch.read(place.buffer + buffer, offset, length);
  const isValid = (batch.nullCounts[place.node] ?? 0) === 0 ? null : await readBits(read, 0, from, to);
  const values = await VALUE_READERS[kind]({ bytes, batch, wanted, read });
  return isValid === null ? values : values.map((value, row) => (isValid(row) ? value : null));
}

type Read = (buffer: number, offset: number, length: number) => Promise<Uint8Array<ArrayBuffer>>;

export interface Reading {
  readonly bytes: RangedBytes;
  readonly batch: OpenBatch;
  readonly wanted: Wanted;
  readonly read: Read;
}

async function readBits(read: Read, buffer: number, from: number, to: number): Promise<(row: number) => boolean> {
  const first = from >> 3;
  const bits = await read(buffer, first, ((to - 1) >> 3) - first + 1);
  return (row) => (((bits[((from + row) >> 3) - first] as number) >> ((from + row) & 7)) & 1) === 1;
}

const VALUE_READERS: Readonly<Record<Exclude<CellKind, null | 'null'>, (reading: Reading) => Promise<RawCell[]>>> = {
  async bool({ read, wanted: { from, to } }) {
    const isSet = await readBits(read, 1, from, to);
    return Array.from({ length: to - from }, (_, row) => isSet(row));
  },
  async int({ read, wanted: { type, from, to } }) {
    const width = widthOf(type);
    const { buffer } = await read(1, from * width, (to - from) * width);
    const isSigned = !DataType.isInt(type) || type.isSigned;
    const Numbers = isSigned
      ? { 1: Int8Array, 2: Int16Array, 4: Int32Array }[width]
      : { 1: Uint8Array, 2: Uint16Array, 4: Uint32Array }[width];
    if (Numbers === undefined) throw invalid(`there are no whole numbers of ${width} bytes`);
    return Array.from(new Numbers(buffer));
  },
  async int64({ read, wanted: { type, from, to } }) {
    const { buffer } = await read(1, from * 8, (to - from) * 8);
    return Array.from(DataType.isInt(type) && !type.isSigned ? new BigUint64Array(buffer) : new BigInt64Array(buffer));
  },
  async float({ read, wanted: { type, from, to } }) {
    const width = widthOf(type);
    const { buffer } = await read(1, from * width, (to - from) * width);
    if (width === 2) return Array.from(new Uint16Array(buffer), halfFloat);
    return Array.from(width === 4 ? new Float32Array(buffer) : new Float64Array(buffer));
  },
  text: (reading) => readVariable(reading, (part) => decoder.decode(part)),
  binary: (reading) => readVariable(reading, (part) => Buffer.from(part).toString('hex')),
  async fixed_binary({ read, wanted: { type, from, to } }) {
    const width = widthOf(type);
    const all = Buffer.from((await read(1, from * width, (to - from) * width)).buffer);
    return Array.from({ length: to - from }, (_, row) => all.toString('hex', row * width, (row + 1) * width));
  },
  nested: (reading) => readNested(reading, (inner) => readValues(reading.bytes, reading.batch, inner)),
  async dictionary(reading) {
    const { bytes, wanted: asked } = reading;
    const { indices, dictionary, id } = asked.type as Dictionary;
    const { dictionaries } = asked;
    const part = dictionaries.get(Number(id));
    if (part === undefined) throw invalid('a dictionary is missing');
    const readKeys = cellKindOf(indices) === 'int64' ? VALUE_READERS.int64 : VALUE_READERS.int;
    const keys = (await readKeys({ ...reading, wanted: { ...asked, type: indices } })).map(Number);
    const values = await openBatch(bytes, part);
    if (values.rows > DICTIONARY_MAX_VALUES) return keys.map((key) => `#${key}`);
    const wanted = { type: dictionary, place: { node: 0, buffer: 0 }, from: 0, to: values.rows, dictionaries };
    const words = (await readValues(bytes, values, wanted)) ?? [];
    return keys.map((key) => words[key] ?? null);
  },
};

async function readVariable({ read, wanted: { type, from, to } }: Reading, decode: (part: Uint8Array) => string): Promise<string[]> {
  const width = DataType.isLargeUtf8(type) || DataType.isLargeBinary(type) ? 8 : 4;
  const { buffer } = await read(1, from * width, (to - from + 1) * width);
  const offsets = width === 8 ? Array.from(new BigInt64Array(buffer), Number) : new Int32Array(buffer);
  const start = offsets[0] as number;
  const length = (offsets[to - from] as number) - start;
  if (start < 0 || length < 0) throw invalid('a column of texts goes backwards');
  const rows = Array.from({ length: to - from }, (_, row) => [offsets[row] as number, offsets[row + 1] as number] as const);
  if (length <= TOGETHER_MAX_BYTES) {
    const all = await read(2, start, length);
    return rows.map(([first, last]) =>
      cut(decode(all.subarray(first - start, Math.min(last, first + CELL_MAX_BYTES) - start)), last - first),
    );
  }
  const texts: string[] = [];
  for (const [first, last] of rows)
    texts.push(cut(decode(await read(2, first, Math.max(0, Math.min(last - first, CELL_MAX_BYTES)))), last - first));
  return texts;
}

function cut(text: string, bytes: number): string {
  return bytes > CELL_MAX_BYTES ? `${text}…` : text;
}

/** Sign, five bits of exponent, ten of fraction. */
function halfFloat(bits: number): number {
  const sign = bits >> 15 === 0 ? 1 : -1;
  const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023];
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
}
