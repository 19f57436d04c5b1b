import { Bool, type Data, makeData } from 'apache-arrow';
import { type ColumnBuffer, Validity } from './column-buffer.ts';
import { parseBool } from './parse-number.ts';

/** Booleans, one bit each. */
export class BoolBuffer implements ColumnBuffer {
  readonly #bytes: number;
  readonly #validity: Validity;
  #bits: Uint8Array;

  constructor(capacity: number) {
    this.#bytes = ((capacity + 63) & ~63) >> 3;
    this.#validity = new Validity(capacity);
    this.#bits = new Uint8Array(this.#bytes);
  }

  store(bytes: Uint8Array, start: number, end: number, row: number): boolean {
    const value = parseBool(bytes, start, end);
    if (value) this.#bits[row >> 3] = (this.#bits[row >> 3] as number) | (1 << (row & 7));
    return value !== undefined;
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
    const data = this.#bits;
    this.#bits = new Uint8Array(this.#bytes);
    return makeData({ type: new Bool(), length: rows, data, ...this.#validity.take() });
  }
}
