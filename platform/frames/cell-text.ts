/** Cells as people read them: times without a zone as they are, with one in UTC; 64-bit integers to the last digit. */
import { DataType, TimeUnit } from 'apache-arrow';
import type { RawCell } from './read-values.ts';

const MS_PER_DAY = 86_400_000;
/** How many make a second, and how many digits that is. */
const UNITS: Readonly<Record<TimeUnit, readonly [perSecond: bigint, digits: number]>> = {
  [TimeUnit.SECOND]: [1n, 0],
  [TimeUnit.MILLISECOND]: [1_000n, 3],
  [TimeUnit.MICROSECOND]: [1_000_000n, 6],
  [TimeUnit.NANOSECOND]: [1_000_000_000n, 9],
};

export function cellText(type: DataType, cell: RawCell): string | null {
  if (cell === null) return null;
  if (DataType.isDictionary(type)) return cellText(type.dictionary, cell);
  if (DataType.isTimestamp(type)) return timestamp(BigInt(cell as bigint), type.unit) + (type.timezone ? 'Z' : '');
  if (DataType.isDate(type)) return day(type.unit === 0 ? Number(cell) * MS_PER_DAY : Number(cell));
  if (DataType.isTime(type)) return timestamp(BigInt(cell as bigint), type.unit).slice(11);
  if (DataType.isDecimal(type)) return decimal(String(cell), type.scale);
  if (DataType.isBinary(type) || DataType.isFixedSizeBinary(type)) return `0x${cell}`;
  return String(cell);
}

function day(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? `${ms} ms` : date.toISOString().replace(/T.*/, '');
}

function timestamp(ticks: bigint, unit: TimeUnit): string {
  const [perSecond, digits] = UNITS[unit];
  const fraction = ((ticks % perSecond) + perSecond) % perSecond;
  const date = new Date(Number((ticks - fraction) / perSecond) * 1000);
  if (Number.isNaN(date.getTime())) return String(ticks);
  const text = date
    .toISOString()
    .replace('T', ' ')
    .replace(/\.000Z$/, '');
  return fraction === 0n ? text : `${text}.${fraction.toString().padStart(digits, '0').replace(/0+$/, '')}`;
}

/** Little-endian two's complement in hex. */
function decimal(hex: string, scale: number): string {
  const bytes = hex.match(/../g) ?? [];
  const value = BigInt.asIntN(bytes.length * 8, BigInt(`0x${bytes.reverse().join('') || '0'}`));
  const digits = (value < 0n ? -value : value).toString().padStart(scale + 1, '0');
  const text = scale > 0 ? `${digits.slice(0, -scale)}.${digits.slice(-scale)}` : digits;
  return value < 0n ? `-${text}` : text;
}
