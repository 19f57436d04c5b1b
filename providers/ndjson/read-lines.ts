/** Lines of NDJSON as parsed objects, with their numbers. Blank lines are passed over. */
import { NdjsonError } from './ndjson-error.ts';

export type JsonRow = Readonly<Record<string, unknown>>;

export interface Line {
  /** 1 = the first of the file. */
  readonly number: number;
  readonly text: string;
  readonly row: JsonRow;
}

const NEWLINE = 10;
const LINE_BYTES_MAX = 16 * 1024 * 1024;

/** Yields the lines of each chunk together: a promise per line would cost more than the parsing. */
export async function* readLines(chunks: AsyncIterable<Uint8Array>, name: string): AsyncGenerator<Line[]> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let rest: Uint8Array = new Uint8Array(0);
  let number = 0;
  const parse = (bytes: Uint8Array): Line | null => {
    number += 1;
    let text: string;
    try {
      text = decoder.decode(bytes);
    } catch (cause) {
      throw Object.assign(new NdjsonError(name, { line: number }, 'the text is not UTF-8. Save the file as UTF-8 and read it again.'), {
        cause,
      });
    }
    if (number === 1 && text.startsWith('\uFEFF')) text = text.slice(1);
    if (text.trim() === '') return null;
    return { number, text, row: parseRow(text, name, number) };
  };
  for await (const chunk of chunks) {
    const bytes = rest.byteLength === 0 ? chunk : Buffer.concat([rest, chunk]);
    const lines: Line[] = [];
    let start = 0;
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
      const line = parse(bytes.subarray(start, end));
      if (line !== null) lines.push(line);
      start = end + 1;
    }
    rest = bytes.slice(start);
    if (rest.byteLength > LINE_BYTES_MAX)
      throw new NdjsonError(
        name,
        { line: number + 1 },
        'the line is longer than 16 MiB. Is this one JSON document instead of one per line?',
      );
    yield lines;
  }
  const last = rest.byteLength === 0 ? null : parse(rest);
  if (last !== null) yield [last];
}

function parseRow(text: string, name: string, line: number): JsonRow {
  let row: unknown;
  try {
    row = JSON.parse(text);
  } catch (cause) {
    const { message } = cause as Error;
    throw Object.assign(new NdjsonError(name, { line }, `this is no JSON (${message}). Is the file cut off?`), { cause });
  }
  if (typeof row !== 'object' || row === null || Array.isArray(row))
    throw new NdjsonError(name, { line }, `each line must be an object like {"id": 1}, not ${text.slice(0, 40)}.`);
  return row as JsonRow;
}

/** The digits of a number beyond ±2^53, which JSON.parse has rounded, as a bigint where the text spells an integer. */
export function exactInteger(text: string, column: string): unknown {
  const byHolder = new Map<unknown, bigint>();
  let root: unknown;
  JSON.parse(text, function (this: unknown, key: string, value: unknown, context?: { source?: string }) {
    if (key === '') root = value;
    else if (key === column && context?.source !== undefined && /^-?\d+$/.test(context.source)) byHolder.set(this, BigInt(context.source));
    return value;
  } as (key: string, value: unknown) => unknown);
  return byHolder.get(root);
}
