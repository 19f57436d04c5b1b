import { type Data, type DataType, makeData } from 'apache-arrow';
import { type ColumnBuffer, Validity } from './column-buffer.ts';

/** How cells of one width are kept. */
export interface FixedWidthFormat<A extends Int32Array | Float64Array> {
  readonly type: DataType;
  allocate(capacity: number): A;
  /** Stores one cell at `row`; false if the text is not of the type. */
  parse(bytes: Uint8Array, start: number, end: number, values: A, row: number): boolean;
  /** The first `rows` cells as Arrow wants them, over the same memory. */
  view(values: A, rows: number): ArrayBufferView;
}

/** int64, float64, timestamp and date columns. */
export class FixedWidthBuffer<A extends Int32Array | Float64Array> implements ColumnBuffer {
  readonly #capacity: number;
  readonly #format: FixedWidthFormat<A>;
  readonly #validity: Validity;
  #values: A;

  constructor(capacity: number, format: FixedWidthFormat<A>) {
    this.#capacity = capacity;
    this.#format = format;
    this.#validity = new Validity(capacity);
    this.#values = format.allocate(capacity);
  }

  store(bytes: Uint8Array, start: number, end: number, row: number): boolean {
    return this.#format.parse(bytes, start, end, this.#values, row);
  }

  storeNull(row: number): void {
    this.#validity.setNull(row);
  }

  varyingBytes(): number {
    return 0;
  }

  firstInvalidRow(): number {
    return -1;
  }

  take(rows: number): Data {
    const data = this.#format.view(this.#values, rows);
    this.#values = this.#format.allocate(this.#capacity);
    return makeData({ type: this.#format.type, length: rows, data, ...this.#validity.take() } as unknown as Parameters<typeof makeData>[0]);
  }
}
