/**
 * Names in SQL text. Values never go into the text: they are parameters, or bytes of a COPY.
 */

/** Postgres cuts longer names silently, so that two columns could become one. */
const MAX_NAME_BYTES = 63;

/** Quotes a name: `my"table` -> `"my""table"`. Throws for names that Postgres would cut or cannot hold. */
export function quoteName(name: string): string {
  if (name === '' || name.includes('\0')) throw new RangeError('a name in Postgres is neither empty nor holds a zero byte.');
  const bytes = Buffer.byteLength(name);
  if (bytes > MAX_NAME_BYTES) {
    throw new RangeError(`"${name}" has ${bytes} bytes; names in Postgres have at most ${MAX_NAME_BYTES}. Rename the column or table.`);
  }
  return `"${name.replaceAll('"', '""')}"`;
}

/** Where a table is. */
export interface TableName {
  /** Default `public`. */
  readonly schema?: string;
  readonly table: string;
}

/** `"schema"."table"`. */
export function quoteTable({ schema = 'public', table }: TableName): string {
  return `${quoteName(schema)}.${quoteName(table)}`;
}

/** A name for a short-lived table beside `table`, within the length limit. */
export function stagingName(table: string, suffix: string): string {
  const tail = `__${suffix}`;
  let head = table;
  while (Buffer.byteLength(head + tail) > MAX_NAME_BYTES) head = head.slice(0, -1);
  return head + tail;
}
