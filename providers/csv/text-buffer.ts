import { isUtf8 } from 'node:buffer';
import { type Data, makeData, Utf8 } from 'apache-arrow';
import { type ColumnBuffer, Validity } from './column-buffer.ts';

/** Below this a loop beats `set` with a subarray. */
const SHORT_BYTES = 24;

/** UTF-8 text: offsets and one block of bytes that doubles. */
export class TextBuffer implements ColumnBuffer {
  readonly #capacity: number;
  readonly #validity: Validity;
  #offsets: Int32Array;
  #bytes: Uint8Array;

  constructor(capacity: number) {
    this.#capacity = capacity;
    this.#validity = new Validity(capacity);
    this.#offsets = new Int32Array(capacity + 1);
    this.#bytes = new Uint8Array(1024);
  }

  store(bytes: Uint8Array, start: number, end: number, row: number): boolean {
    const at = this.#offsets[row] as number;
    const length = end - start;
    if (at + length > this.#bytes.length) this.#grow(at, at + length);
    if (length > SHORT_BYTES) this.#bytes.set(bytes.subarray(start, end), at);
    else for (let i = 0; i < length; i++) this.#bytes[at + i] = bytes[start + i] as number;
    this.#offsets[row + 1] = at + length;
    return true;
  }

  storeNull(row: number): void {
    this.#offsets[row + 1] = this.#offsets[row] as number;
    this.#validity.setNull(row);
  }

  varyingBytes(rows: number): number {
    return this.#offsets[rows] as number;
  }

  firstInvalidRow(rows: number): number {
    if (isUtf8(this.#bytes.subarray(0, this.#offsets[rows]))) return -1;
    for (let row = 0; row < rows; row++) {
      if (!isUtf8(this.#bytes.subarray(this.#offsets[row], this.#offsets[row + 1]))) return row;
    }
    return -1;
  }

  take(rows: number): Data {
    const data = this.#bytes.subarray(0, this.#offsets[rows]);
    const valueOffsets = this.#offsets.subarray(0, rows + 1);
    this.#offsets = new Int32Array(this.#capacity + 1);
    this.#bytes = new Uint8Array(Math.max(1024, data.length));
    return makeData({ type: new Utf8(), length: rows, valueOffsets, data, ...this.#validity.take() });
  }

  #grow(keep: number, needed: number): void {
    const larger = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    larger.set(this.#bytes.subarray(0, keep));
    this.#bytes = larger;
  }
}
