import { type ByteSource, readBytes } from '../csv/byte-source.ts';
import type { CsvType } from '../csv/csv-types.ts';
import { type InferredTypes, TypeInference } from '../csv/infer-types.ts';
import { readLines } from './read-lines.ts';

const NUMBERS: readonly CsvType[] = ['int64', 'float64'];
const TIMES: readonly CsvType[] = ['date', 'timestamp'];

/** Proposes types for NDJSON by its first lines. Nothing is read with them: pass them on to `readNdjson`, or paste `code`. */
export async function inferNdjsonTypes(
  source: ByteSource,
  options: { readonly rows?: number; readonly name?: string } = {},
): Promise<InferredTypes> {
  const name = options.name ?? (typeof source === 'string' ? source : 'ndjson');
  const inference = new TypeInference();
  for await (const lines of readLines(readBytes(source, name), name)) {
    for (const { row } of lines) {
      if (inference.rows >= (options.rows ?? 10_000)) return inference.result(false);
      inference.rows += 1;
      for (const [column, value] of Object.entries(row)) {
        if (value === null) inference.column(column);
        else if (typeof value === 'string') inference.add(column, value, TIMES);
        else if (typeof value === 'object') inference.add(column, JSON.stringify(value), []);
        else inference.add(column, String(value), typeof value === 'number' ? NUMBERS : ['bool']);
      }
    }
  }
  return inference.result(true);
}
