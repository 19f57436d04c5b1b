/**
 * Dates and naive timestamps from bytes: fixed positions, no Date object, no time zone.
 */
import { storeBigInt, storeSafeInt } from './parse-number.ts';

const ZERO = 48;
const MINUS = 45;
const DOT = 46;
const SPACE = 32;
const UPPER_T = 84;
const COLON = 58;

/** The number that two digits spell, or NaN. */
function twoDigits(bytes: Uint8Array, at: number): number {
  const tens = (bytes[at] as number) - ZERO;
  const ones = (bytes[at + 1] as number) - ZERO;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN;
}

const DAYS_IN_MONTH = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Days since 1970-01-01 of a civil date (Gregorian, also before 1582): Howard Hinnant's days_from_civil. */
function daysFromCivil(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146097 + dayOfEra - 719468;
}

/** Days since 1970-01-01 of the ten bytes YYYY-MM-DD at `start`, or NaN. Years 0001 to 9999. */
export function parseDate(bytes: Uint8Array, start: number, end: number): number {
  if (end - start < 10 || bytes[start + 4] !== MINUS || bytes[start + 7] !== MINUS) return Number.NaN;
  const year = twoDigits(bytes, start) * 100 + twoDigits(bytes, start + 2);
  const month = twoDigits(bytes, start + 5);
  const day = twoDigits(bytes, start + 8);
  if (!(year >= 1 && month >= 1 && month <= 12 && day >= 1 && day <= (DAYS_IN_MONTH[month - 1] as number))) return Number.NaN;
  const isLeap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  if (month === 2 && day === 29 && !isLeap) return Number.NaN;
  return daysFromCivil(year, month, day);
}

const MICROS_PER_DAY = 86_400_000_000;
const DAYS_WITHIN_SAFE_MICROS = Math.floor(Number.MAX_SAFE_INTEGER / MICROS_PER_DAY) - 1;

/**
 * Parses `YYYY-MM-DD[ T]HH:MM:SS[.ffffff]` (or a date alone: midnight) into `halves[index]` as microseconds since
 * 1970 without a zone; false if the text is none, names a zone, or is finer than microseconds.
 */
export function parseTimestamp(bytes: Uint8Array, start: number, end: number, halves: Int32Array, index: number): boolean {
  const days = parseDate(bytes, start, end);
  if (Number.isNaN(days)) return false;
  const micros = end - start === 10 ? 0 : parseTimeOfDay(bytes, start + 10, end);
  if (Number.isNaN(micros)) return false;
  if (Math.abs(days) < DAYS_WITHIN_SAFE_MICROS) storeSafeInt(halves, index, days * MICROS_PER_DAY + micros);
  else storeBigInt(halves, index, BigInt(days) * BigInt(MICROS_PER_DAY) + BigInt(micros));
  return true;
}

/** Microseconds since midnight of `[ T]HH:MM:SS[.ffffff]`, or NaN. */
function parseTimeOfDay(bytes: Uint8Array, start: number, end: number): number {
  const separator = bytes[start];
  if (end - start < 9 || (separator !== SPACE && separator !== UPPER_T)) return Number.NaN;
  if (bytes[start + 3] !== COLON || bytes[start + 6] !== COLON) return Number.NaN;
  const hour = twoDigits(bytes, start + 1);
  const minute = twoDigits(bytes, start + 4);
  const second = twoDigits(bytes, start + 7);
  if (!(hour <= 23 && minute <= 59 && second <= 59)) return Number.NaN;
  const whole = ((hour * 60 + minute) * 60 + second) * 1_000_000;
  return end - start === 9 ? whole : whole + parseMicros(bytes, start + 9, end);
}

function parseMicros(bytes: Uint8Array, start: number, end: number): number {
  const digits = end - start - 1;
  if (bytes[start] !== DOT || digits < 1 || digits > 6) return Number.NaN;
  let value = 0;
  for (let i = start + 1; i < end; i++) {
    const digit = (bytes[i] as number) - ZERO;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  return value * 10 ** (6 - digits);
}
