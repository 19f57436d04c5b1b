import type { Data } from 'apache-arrow';

/**
 * A column of one record batch while it is filled: cells go from bytes straight into typed arrays. Rows are
 * numbered within the batch. A cell may be written twice (a row cut by the end of a chunk is read again), so
 * nothing is counted while writing.
 */
export interface ColumnBuffer {
  /** Stores the cell `bytes[start, end)`; false if it is not of the column's type. */
  store(bytes: Uint8Array, start: number, end: number, row: number): boolean;
  storeNull(row: number): void;
  /** Bytes held by values of varying length in the first `rows` rows; 0 for fixed widths. */
  varyingBytes(rows: number): number;
  /** The first row whose text is not UTF-8, or -1. */
  firstInvalidRow(rows: number): number;
  /** Hands over the first `rows` cells and starts anew with fresh memory. */
  take(rows: number): Data;
}

/** A validity bitmap that costs nothing while there are no nulls. */
export class Validity {
  readonly #bytes: number;
  #bitmap: Uint8Array | null = null;

  constructor(capacity: number) {
    this.#bytes = ((capacity + 63) & ~63) >> 3;
  }

  setNull(row: number): void {
    this.#bitmap ??= new Uint8Array(this.#bytes).fill(0xff);
    this.#bitmap[row >> 3] = (this.#bitmap[row >> 3] as number) & ~(1 << (row & 7));
  }

  /** The properties that `makeData` wants; the next batch begins without nulls. */
  take(): { nullBitmap: Uint8Array; nullCount: number } | { nullCount: number } {
    const nullBitmap = this.#bitmap;
    this.#bitmap = null;
    return nullBitmap === null ? { nullCount: 0 } : { nullBitmap, nullCount: -1 };
  }
}
