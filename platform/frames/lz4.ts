/** Reads the frame format of LZ4, which Arrow's writers use: blocks of literals and of repetitions of what came before. */
import { invalid } from '../bytes/ranged-bytes.ts';

const MAGIC = 0x184d2204;

/** `bytes`: how long the result is. Throws BAD_REQUEST when it is another length, or no LZ4. */
export function readLz4(source: Uint8Array, bytes: number): Uint8Array<ArrayBuffer> {
  const target = new Uint8Array(bytes);
  const view = new DataView(source.buffer, source.byteOffset, source.byteLength);
  if (source.length < 7 || view.getUint32(0, true) !== MAGIC) throw invalid('a batch is not compressed as it says');
  const flags = view.getUint8(4);
  const [hasBlockSum, hasSize, hasDictionary] = [flags & 0x10, flags & 0x08, flags & 0x01];
  let at = 7 + (hasSize ? 8 : 0) + (hasDictionary ? 4 : 0);
  let written = 0;
  while (at + 4 <= source.length) {
    const head = view.getUint32(at, true);
    at += 4;
    if (head === 0) break;
    const length = head & 0x7fff_ffff;
    const block = source.subarray(at, at + length);
    // The highest bit says that the block is as it was.
    if (head >>> 31 === 1) {
      if (written + block.length > bytes) throw invalid('a batch is longer than it says');
      target.set(block, written);
      written += block.length;
    } else written = readBlock(block, target, written);
    at += length + (hasBlockSum ? 4 : 0);
  }
  if (written !== bytes) throw invalid('a batch is shorter than it says');
  return target;
}

function readBlock(block: Uint8Array, target: Uint8Array, start: number): number {
  let [at, written] = [0, start];
  const rest = (nibble: number): number => {
    let length = nibble;
    if (nibble === 15)
      for (let more = 255; more === 255; ) {
        more = block[at++] ?? 0;
        length += more;
      }
    return length;
  };
  while (at < block.length) {
    const token = block[at++] as number;
    const literals = rest(token >> 4);
    if (written + literals > target.length || at + literals > block.length) throw invalid('a batch is not compressed as it says');
    target.set(block.subarray(at, at + literals), written);
    at += literals;
    written += literals;
    if (at >= block.length) break;
    const back = (block[at] as number) | ((block[at + 1] as number) << 8);
    at += 2;
    const length = rest(token & 15) + 4;
    if (back === 0 || back > written || written + length > target.length) throw invalid('a batch is not compressed as it says');
    // Byte by byte: it may repeat what it is just writing.
    for (let end = written + length; written < end; written++) target[written] = target[written - back] as number;
  }
  return written;
}
