/** Dates and timestamps as text that the readers of CSV and NDJSON take back to the same values. */
const MICROS_PER_DAY = 86_400_000_000n;
const MS_PER_DAY = 86_400_000;

/** Days since 1970 -> `2021-01-31`. Throws outside the years 0000 to 9999. */
export function dateText(days: number): string {
  const text = new Date(days * MS_PER_DAY).toISOString();
  if (text.length !== 24) throw new RangeError(`the date ${text} lies outside the years 0000 to 9999 and cannot be written.`);
  return text.slice(0, 10);
}

/** Microseconds since 1970 -> `2021-01-31 23:59:59[.ffffff]`. */
export function timestampText(micros: bigint): string {
  const days = micros / MICROS_PER_DAY - (micros % MICROS_PER_DAY < 0n ? 1n : 0n);
  const ofDay = Number(micros - days * MICROS_PER_DAY);
  const time = new Date(Math.floor(ofDay / 1000)).toISOString().slice(11, 19);
  const fraction = ofDay % 1_000_000;
  return `${dateText(Number(days))} ${time}${fraction === 0 ? '' : `.${String(fraction).padStart(6, '0')}`}`;
}
