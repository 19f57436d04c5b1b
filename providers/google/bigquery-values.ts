/** Rows as the library gives them, as plain values. */

/** Classes of the library by the plain value of each; what is not named here stays. */
const PLAIN: Readonly<Record<string, (value: string) => unknown>> = {
  BigQueryDate: (value) => value,
  BigQueryTime: (value) => value,
  BigQueryDatetime: (value) => new Date(`${value.replace(' ', 'T')}Z`),
  BigQueryTimestamp: (value) => new Date(value),
};

export function plainRows(rows: readonly unknown[]): unknown[] {
  return rows.map(plain);
}

function plain(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Date || value instanceof Uint8Array) return value;
  if (Array.isArray(value)) return value.map(plain);
  const { name } = value.constructor;
  const make = PLAIN[name];
  if (make !== undefined) return make(String((value as { value: unknown }).value));
  // NUMERIC comes as a Big.
  if (name === 'Big') return String(value);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
}
