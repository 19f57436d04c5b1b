/** What the writers of frames tell the catalogue: the columns before they publish, and what they wrote after. */
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Data, RecordBatch, Schema } from 'apache-arrow';
import type { AssetColumn, AssetSample, SampleCell } from '#core/assets/asset-version.ts';
import { cellReader } from './cell.ts';

export function columnsOf(schema: Schema): readonly AssetColumn[] {
  return schema.fields.map((field) => ({ name: field.name, type: String(field.type), nullable: field.nullable }));
}

/** Reads the first rows of what is written, when somebody wants to see them. */
export function firstRowsOf(batch: RecordBatch | null | undefined): { readonly firstRows?: (rows: number) => AssetSample } {
  if (!batch) return {};
  return {
    firstRows: (rows) => {
      const readers = batch.schema.fields.map((_field, column) => readerOf(batch, column));
      return {
        columns: batch.schema.fields.map((field) => field.name),
        rows: Array.from({ length: Math.min(rows, batch.numRows) }, (_unused, row) => readers.map((read) => read(row))),
      };
    },
  };
}

/** Types that are no plain values are shown as Arrow prints them. */
function readerOf(batch: RecordBatch, column: number): (row: number) => SampleCell {
  try {
    const read = cellReader(batch.data.children[column] as Data, '');
    return (row) => cellOf(read(row));
  } catch {
    return (row) => cellOf(batch.getChildAt(column)?.get(row));
  }
}

function cellOf(value: unknown): SampleCell {
  if (value === null || value === undefined) return null;
  if (typeof value === 'string' || typeof value === 'boolean' || typeof value === 'number') return value;
  return value instanceof Date ? value.toISOString() : String(value);
}

/** `file:///lake/orders.parquet`. */
export function uriOfFile(path: string): string {
  return pathToFileURL(resolve(path)).href;
}
