import type { RecordBatch, Table, TypeMap } from 'apache-arrow';
import { type Cell, type CellOf, cellReader } from './cell.ts';
import { columnIndex } from './columns.ts';
import { type BatchStream, type Frame, mapBatches } from './frame.ts';
import { takeRows } from './take-rows.ts';

/** One test per column; a row stays if it passes all of them. A missing value comes as null. */
export type RowConditions<T extends TypeMap> = { readonly [K in keyof T]?: (value: CellOf<T[K]>) => boolean };

/**
 * Keeps the rows that meet every condition: `filterRows(trips, { passenger_count: (n) => n !== null && n > 0 })`.
 * Throws, naming the nearest column, for a column that is not there.
 */
export function filterRows<T extends TypeMap>(frame: Table<T>, conditions: RowConditions<T>): Table<T>;
export function filterRows<T extends TypeMap>(frame: BatchStream<T>, conditions: RowConditions<T>): AsyncGenerator<RecordBatch<T>>;
export function filterRows<T extends TypeMap>(frame: Frame<T>, conditions: RowConditions<T>): Table<T> | AsyncGenerator<RecordBatch<T>> {
  return mapBatches(frame, (batch) => filterBatch(batch, conditions));
}

/** The same for one record batch; returns the batch itself if every row stays. */
export function filterBatch<T extends TypeMap>(batch: RecordBatch<T>, conditions: RowConditions<T>): RecordBatch<T> {
  let rows: Int32Array | null = null;
  let count = batch.numRows;
  for (const [name, test] of Object.entries(conditions) as [string, ((value: Cell) => boolean) | undefined][]) {
    if (test === undefined) continue;
    const read = cellReader(batch.data.children[columnIndex(batch.schema, name)]!, name);
    const kept: Int32Array = rows ?? new Int32Array(count);
    let keptCount = 0;
    for (let i = 0; i < count; i++) {
      const row = rows === null ? i : (rows[i] as number);
      if (test(read(row))) kept[keptCount++] = row;
    }
    rows = kept;
    count = keptCount;
  }
  return rows === null || count === batch.numRows ? batch : takeRows(batch, rows, count);
}
