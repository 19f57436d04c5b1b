/**
 * The bytes of Postgres' binary COPY format, gathered into pieces that a stream can send. A piece belongs to
 * whoever took it; it is not written to again.
 */
const PIECE_BYTES = 256 * 1024;
/** Signature, flags, length of the header extension. */
const COPY_HEADER = Buffer.concat([Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1'), Buffer.alloc(8)]);

export class BinaryWriter {
  bytes: Buffer = Buffer.allocUnsafeSlow(PIECE_BYTES);
  /** Where the next byte goes. */
  at = 0;
  /** Room that a field of varying length leaves behind it, for the rest of the row. */
  reserveBytes = 64;

  header(): void {
    this.at += COPY_HEADER.copy(this.bytes, this.at);
  }

  /** After the last row. */
  trailer(): void {
    this.need(2);
    this.int16(-1);
  }

  /** True if the piece is worth sending. */
  get isFull(): boolean {
    return this.at >= PIECE_BYTES - 4096;
  }

  /** What was written so far; the writer goes on with fresh memory. */
  take(): Buffer {
    const piece = this.bytes.subarray(0, this.at);
    this.bytes = Buffer.allocUnsafeSlow(PIECE_BYTES);
    this.at = 0;
    return piece;
  }

  /** Makes room for `count` bytes. To be called before the writes that follow. */
  need(count: number): void {
    if (this.at + count <= this.bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.bytes.length * 2, this.at + count));
    this.bytes.copy(larger, 0, 0, this.at);
    this.bytes = larger;
  }

  int16(value: number): void {
    this.bytes[this.at++] = value >> 8;
    this.bytes[this.at++] = value;
  }

  int32(value: number): void {
    const { bytes, at } = this;
    bytes[at] = value >> 24;
    bytes[at + 1] = value >> 16;
    bytes[at + 2] = value >> 8;
    bytes[at + 3] = value;
    this.at = at + 4;
  }

  /** A field's length, then eight bytes given as two halves: any 64-bit value without a BigInt. */
  eightBytes(high: number, low: number): void {
    this.int32(8);
    this.int32(high);
    this.int32(low);
  }

  /** A field's length, then its bytes. */
  field(source: Uint8Array, start: number, end: number): void {
    const length = end - start;
    this.need(4 + length + this.reserveBytes);
    this.int32(length);
    if (length > 24) this.bytes.set(source.subarray(start, end), this.at);
    else for (let i = 0; i < length; i++) this.bytes[this.at + i] = source[start + i] as number;
    this.at += length;
  }
}
