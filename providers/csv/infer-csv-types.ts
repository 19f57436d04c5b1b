import { cellReader } from '../arrow/cell.ts';
import type { ByteSource } from './byte-source.ts';
import type { CsvOptions } from './csv-types.ts';
import { type InferredTypes, TypeInference } from './infer-types.ts';
import { readCsvBatches } from './read-csv.ts';

export interface InferCsvOptions extends Pick<CsvOptions, 'nulls' | 'delimiter' | 'name'> {
  /** How many rows to look at, default 10,000. */
  readonly rows?: number;
}

/** Proposes types for a CSV by its first rows. Nothing is read with them: pass them on to `readCsv`, or paste `code`. */
export async function inferCsvTypes(source: ByteSource, { rows = 10_000, ...options }: InferCsvOptions = {}): Promise<InferredTypes> {
  const inference = new TypeInference();
  for await (const batch of readCsvBatches(source, { ...options, types: {}, undeclared: 'text', batchRows: Math.min(rows, 4096) })) {
    for (const [index, child] of batch.data.children.entries()) {
      const name = batch.schema.fields[index]?.name ?? '';
      inference.column(name);
      const read = cellReader(child, name);
      for (let row = 0; row < batch.numRows; row++) {
        const text = read(row);
        if (typeof text === 'string') inference.add(name, text);
      }
    }
    inference.rows += batch.numRows;
    if (inference.rows >= rows && batch.numRows > 0) return inference.result(false);
  }
  return inference.result(true);
}
