/**
 * Bytes that lie far away, read in blocks: a look at a frame asks for many small places near each other, and each request takes a while.
 */
import type { RangedBytes } from './ranged-bytes.ts';

const BLOCK_BYTES = 256 * 1024;
const BLOCKS_KEPT = 64;

export function inBlocks(bytes: RangedBytes): RangedBytes {
  const blocks = new Map<number, Promise<Uint8Array>>();
  const block = (number: number): Promise<Uint8Array> => {
    const known = blocks.get(number);
    if (known !== undefined) return known;
    const offset = number * BLOCK_BYTES;
    const read = bytes.read(offset, Math.min(BLOCK_BYTES, bytes.size - offset));
    blocks.set(number, read);
    read.catch(() => blocks.delete(number));
    if (blocks.size > BLOCKS_KEPT) blocks.delete(blocks.keys().next().value as number);
    return read;
  };
  return {
    ...bytes,
    async read(offset, length) {
      const [first, last] = [Math.floor(offset / BLOCK_BYTES), Math.floor((offset + length - 1) / BLOCK_BYTES)];
      // Larger pieces are asked for as they are, and not kept.
      if (length > BLOCK_BYTES || offset + length > bytes.size) return bytes.read(offset, length);
      const whole = new Uint8Array(length);
      for (let number = first; number <= last && length > 0; number++) {
        const part = await block(number);
        const start = number * BLOCK_BYTES;
        const from = Math.max(offset, start);
        const to = Math.min(offset + length, start + part.length);
        whole.set(part.subarray(from - start, to - start), from - offset);
      }
      return whole;
    },
  };
}
