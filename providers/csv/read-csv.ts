/**
 * Reads CSV(.gz) with declared column types into Arrow.
 */
import { type RecordBatch, Table } from 'apache-arrow';
import { readFrom } from '../arrow/column-origin.ts';
import { uriOfFile } from '../arrow/report-writing.ts';
import { type ByteSource, readBytes } from './byte-source.ts';
import { CsvParser } from './csv-parser.ts';
import type { CsvColumns, CsvOptions, CsvTypes } from './csv-types.ts';

/**
 * Yields record batches as the source is read; memory stays at a few batches however long the file is. The
 * last batch may be empty: there always is one, so that a reader learns the schema. Throws CsvError.
 */
export async function* readCsvBatches<const T extends CsvTypes>(
  source: ByteSource,
  options: CsvOptions<T>,
): AsyncGenerator<RecordBatch<CsvColumns<T>>> {
  const name = options.name ?? (typeof source === 'string' ? source : 'csv');
  const parser = new CsvParser({ ...options, name });
  const known = (batch: RecordBatch) =>
    (typeof source === 'string' ? readFrom(batch, uriOfFile(source)) : batch) as RecordBatch<CsvColumns<T>>;
  for await (const chunk of readBytes(source, name)) for (const batch of parser.push(chunk)) yield known(batch);
  for (const batch of parser.end()) yield known(batch);
}

/** Reads a whole source into one table. Throws CsvError with row, line, column and text. */
export async function readCsv<const T extends CsvTypes>(source: ByteSource, options: CsvOptions<T>): Promise<Table<CsvColumns<T>>> {
  const batches: RecordBatch<CsvColumns<T>>[] = [];
  for await (const batch of readCsvBatches(source, options)) {
    if (batch.numRows > 0 || batches.length === 0) batches.push(batch);
  }
  if (batches.length > 1 && batches[0]?.numRows === 0) batches.shift();
  return new Table(batches);
}
