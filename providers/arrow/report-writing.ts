/** What the writers of frames tell the catalogue: the columns before they publish, and what they wrote after. */
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { RecordBatch, Schema } from 'apache-arrow';
import type { AssetColumn, AssetSample } from '#core/assets/asset-version.ts';
import { sampleCell, sampleReader } from './sample-cell.ts';

export function columnsOf(schema: Schema): readonly AssetColumn[] {
  return schema.fields.map((field) => ({ name: field.name, type: String(field.type), nullable: field.nullable }));
}

/** Reads the first rows of what is written, when somebody wants to see them. */
export function firstRowsOf(batch: RecordBatch | null | undefined): { readonly firstRows?: (rows: number) => AssetSample } {
  if (!batch) return {};
  return {
    firstRows: (rows) => {
      const readers = batch.schema.fields.map((_field, column) => sampleReader(batch, column));
      return {
        columns: batch.schema.fields.map((field) => field.name),
        rows: Array.from({ length: Math.min(rows, batch.numRows) }, (_unused, row) => readers.map((read) => read(row))),
      };
    },
  };
}

/** The same of rows that a database has given. */
export function firstRowsIn(columns: readonly AssetColumn[], rows: readonly Readonly<Record<string, unknown>>[]) {
  const names = columns.map((column) => column.name);
  return {
    firstRows: (count: number): AssetSample => ({
      columns: names,
      rows: rows.slice(0, count).map((row) => names.map((name) => sampleCell(row[name]))),
    }),
  };
}

/** `file:///lake/orders.parquet`. */
export function uriOfFile(path: string): string {
  return pathToFileURL(resolve(path)).href;
}
