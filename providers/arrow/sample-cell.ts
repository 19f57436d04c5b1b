/** Cells as people read them in the first rows of an asset. */
import { type Data, DataType, type RecordBatch } from 'apache-arrow';
import type { SampleCell } from '#core/assets/asset-version.ts';
import { cellReader } from './cell.ts';

/** More of a binary value than this nobody reads. */
const BINARY_BYTES = 32;

/** Reads the cells of a column. Types that are no plain values are shown as Arrow prints them. */
export function sampleReader(batch: RecordBatch, column: number): (row: number) => SampleCell {
  const data = batch.data.children[column] as Data;
  const { type } = data;
  const raw = (row: number): unknown => batch.getChildAt(column)?.get(row) ?? null;
  if (DataType.isDecimal(type)) return (row) => decimalText(raw(row) as Uint32Array | null, type.scale);
  if (DataType.isBinary(type) || DataType.isFixedSizeBinary(type)) return (row) => binaryText(raw(row) as Uint8Array | null);
  const read = plainReader(data) ?? raw;
  if (DataType.isDate(type)) return (row) => String(sampleCell(read(row)) ?? '').slice(0, 10) || null;
  return (row) => sampleCell(read(row));
}

function plainReader(data: Data): ((row: number) => unknown) | null {
  try {
    return cellReader(data, '');
  } catch {
    return null;
  }
}

export function sampleCell(value: unknown): SampleCell {
  if (value === null || value === undefined) return null;
  if (typeof value === 'string' || typeof value === 'boolean' || typeof value === 'number') return value;
  if (value instanceof Date)
    return Number.isNaN(value.getTime())
      ? 'no date'
      : value
          .toISOString()
          .replace('T', ' ')
          .replace(/(\.000)?Z$/, '');
  if (value instanceof Uint8Array) return binaryText(value);
  const isPlain = Object.getPrototypeOf(value) === Object.prototype || Array.isArray(value);
  return isPlain ? JSON.stringify(value, (_key, one: unknown) => (typeof one === 'bigint' ? String(one) : one)) : String(value);
}

/** Little-endian two's complement, in words of 32 bits. */
function decimalText(words: Uint32Array | null, scale: number): string | null {
  if (words === null) return null;
  const unsigned = words.reduceRight((sum, word) => (sum << 32n) | BigInt(word), 0n);
  const value = BigInt.asIntN(words.length * 32, unsigned);
  const digits = (value < 0n ? -value : value).toString().padStart(scale + 1, '0');
  const text = scale > 0 ? `${digits.slice(0, -scale)}.${digits.slice(-scale)}` : digits;
  return value < 0n ? `-${text}` : text;
}

function binaryText(bytes: Uint8Array | null): string | null {
  if (bytes === null) return null;
  const shown = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, BINARY_BYTES)).toString('hex');
  return `0x${shown}${bytes.byteLength > BINARY_BYTES ? '…' : ''}`;
}
