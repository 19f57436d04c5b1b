/**
 * Numbers and booleans from bytes, with no string or BigInt made on the way in the common case. A parser says
 * "this text is not of that type" by its return value instead of throwing: its caller knows the row and column.
 */
const ZERO = 48;
const MINUS = 45;
const DOT = 46;

const FLOAT_TEXT = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const FLOAT_WORDS: Readonly<Record<string, number>> = {
  nan: Number.NaN,
  inf: Number.POSITIVE_INFINITY,
  '+inf': Number.POSITIVE_INFINITY,
  '-inf': Number.NEGATIVE_INFINITY,
  infinity: Number.POSITIVE_INFINITY,
  '+infinity': Number.POSITIVE_INFINITY,
  '-infinity': Number.NEGATIVE_INFINITY,
};

/** Exactly representable; a mantissa below 2^53 divided by one of them is rounded once, hence correctly. */
const POWERS_OF_TEN = Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`));
const MAX_EXACT_DIGITS = 15;

function asText(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1');
}

/** A float64, or undefined if the text is none. Takes 1, -1.5, .3, 2., 1e5, NaN, inf. */
export function parseFloat64(bytes: Uint8Array, start: number, end: number): number | undefined {
  const isNegative = bytes[start] === MINUS;
  let mantissa = 0;
  let digits = 0;
  let fraction = -1;
  for (let i = isNegative ? start + 1 : start; i < end; i++) {
    const digit = (bytes[i] as number) - ZERO;
    if (digit >= 0 && digit <= 9) {
      mantissa = mantissa * 10 + digit;
      digits++;
      if (fraction >= 0) fraction++;
    } else if (bytes[i] === DOT && fraction < 0) {
      fraction = 0;
    } else {
      return parseFloatSlowly(asText(bytes, start, end));
    }
  }
  if (digits === 0 || digits > MAX_EXACT_DIGITS) return parseFloatSlowly(asText(bytes, start, end));
  const value = fraction > 0 ? mantissa / (POWERS_OF_TEN[fraction] as number) : mantissa;
  return isNegative ? -value : value;
}

function parseFloatSlowly(text: string): number | undefined {
  if (FLOAT_TEXT.test(text)) return Number(text);
  return FLOAT_WORDS[text.toLowerCase()];
}

const INT64_MAX = 2n ** 63n - 1n;
const INT64_MIN = -(2n ** 63n);
/** "2.0" is an integer written by a program that keeps nullable integers as floats; "2.5" is not. */
const INT_TEXT = /^([+-]?\d+)(?:\.0*)?$/;
const TWO_POW_32 = 4294967296;

/** Writes a number below 2^53 in size as the two 32-bit halves of an int64 (little-endian) at `index`. */
export function storeSafeInt(halves: Int32Array, index: number, value: number): void {
  const high = Math.floor(value / TWO_POW_32);
  halves[index * 2] = value - high * TWO_POW_32;
  halves[index * 2 + 1] = high;
}

/** Writes any int64 as its two halves at `index`. */
export function storeBigInt(halves: Int32Array, index: number, value: bigint): void {
  halves[index * 2] = Number(BigInt.asIntN(32, value));
  halves[index * 2 + 1] = Number(BigInt.asIntN(32, value >> 32n));
}

/** Parses an int64 into `halves[index]`; false if the text is none or out of range. */
export function parseInt64(bytes: Uint8Array, start: number, end: number, halves: Int32Array, index: number): boolean {
  const isNegative = bytes[start] === MINUS;
  const first = isNegative ? start + 1 : start;
  if (first >= end || end - first > MAX_EXACT_DIGITS) return parseInt64Slowly(asText(bytes, start, end), halves, index);
  let value = 0;
  for (let i = first; i < end; i++) {
    const digit = (bytes[i] as number) - ZERO;
    if (digit < 0 || digit > 9) return parseInt64Slowly(asText(bytes, start, end), halves, index);
    value = value * 10 + digit;
  }
  storeSafeInt(halves, index, isNegative ? -value : value);
  return true;
}

function parseInt64Slowly(text: string, halves: Int32Array, index: number): boolean {
  const digits = INT_TEXT.exec(text)?.[1];
  if (digits === undefined) return false;
  const value = BigInt(digits.startsWith('+') ? digits.slice(1) : digits);
  if (value < INT64_MIN || value > INT64_MAX) return false;
  storeBigInt(halves, index, value);
  return true;
}

const BOOL_WORDS: Readonly<Record<string, boolean>> = {
  true: true,
  t: true,
  '1': true,
  yes: true,
  false: false,
  f: false,
  '0': false,
  no: false,
};

/** true/false/t/f/yes/no/1/0 in any case, or undefined. */
export function parseBool(bytes: Uint8Array, start: number, end: number): boolean | undefined {
  return end - start > 5 ? undefined : BOOL_WORDS[asText(bytes, start, end).toLowerCase()];
}
