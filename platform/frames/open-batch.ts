/** A batch with its head at hand, and pieces of its buffers. One that is compressed is unpacked buffer by buffer, and kept while the batch is open. */
import { promisify } from 'node:util';
import { zstdDecompress } from 'node:zlib';
import type { Message } from 'apache-arrow';
import { invalid, type RangedBytes } from '../bytes/ranged-bytes.ts';
import { type Part, readMessage } from './frame-index.ts';
import { readLz4 } from './lz4.ts';

export interface OpenBatch {
  readonly rows: number;
  readonly nullCounts: readonly number[];
  /** A piece of a buffer, in memory of its own. Throws BAD_REQUEST beyond its end. */
  read(buffer: number, offset: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
}

/** Before each compressed buffer stands how long it is; this says that it is not compressed after all. */
const AS_IT_IS = -1n;
const PREFIX_BYTES = 8;
/** A compressed buffer is unpacked whole. */
const UNPACKED_MAX_BYTES = 256 * 1024 * 1024;
const KEPT_MAX_BYTES = 64 * 1024 * 1024;

/** As Arrow numbers them. */
const UNPACK: Readonly<Record<number, (packed: Uint8Array, bytes: number) => Promise<Uint8Array<ArrayBuffer>>>> = {
  0: async (packed, bytes) => readLz4(packed, bytes),
  1: async (packed, bytes) => {
    const unpacked = await promisify(zstdDecompress)(packed, { maxOutputLength: Math.max(1, bytes) }).catch((error: Error) => {
      throw invalid(`a batch cannot be unpacked (${error.message})`);
    });
    return new Uint8Array(unpacked);
  },
};

export async function openBatch(bytes: RangedBytes, part: Part): Promise<OpenBatch> {
  const message: Message = await readMessage(bytes, part);
  if (!message.isRecordBatch() && !message.isDictionaryBatch()) throw invalid('a batch is none');
  const header = message.isDictionaryBatch() ? message.header().data : message.header();
  const regions = header.buffers.map(({ offset, length }) => ({ offset: Number(offset), length: Number(length) }));
  const stored = async (buffer: number, offset: number, length: number) => {
    const region = regions[buffer];
    if (region === undefined || offset + length > region.length || region.offset + region.length > part.bodyBytes)
      throw invalid('a column has fewer bytes than rows');
    return bytes.read(part.bodyOffset + region.offset + offset, length);
  };
  const isPacked = header.compression !== null;
  const unpacked = isPacked ? unpackedBuffers(regions, stored, header.compression.type) : null;
  return {
    rows: Number(header.length),
    nullCounts: header.nodes.map((node) => Number(node.nullCount)),
    async read(buffer, offset, length) {
      if (unpacked === null) return stored(buffer, offset, length);
      const whole = await unpacked(buffer);
      if (offset + length > whole.length) throw invalid('a column has fewer bytes than rows');
      return whole.slice(offset, offset + length);
    },
  };
}

function unpackedBuffers(
  regions: readonly { readonly length: number }[],
  stored: OpenBatch['read'],
  codec: number,
): (buffer: number) => Promise<Uint8Array<ArrayBuffer>> {
  const kept = new Map<number, Promise<Uint8Array<ArrayBuffer>>>();
  let keptBytes = 0;
  const unpack = async (buffer: number) => {
    const length = regions[buffer]?.length ?? 0;
    if (length === 0) return new Uint8Array(0);
    if (length < PREFIX_BYTES) throw invalid('a compressed column does not say how long it is');
    const packed = await stored(buffer, 0, length);
    const bytes = new DataView(packed.buffer, packed.byteOffset).getBigInt64(0, true);
    if (bytes === AS_IT_IS) return packed.slice(PREFIX_BYTES);
    if (bytes < 0n || bytes > UNPACKED_MAX_BYTES) throw invalid(`a compressed column has ${bytes} bytes, which is too large to be shown`);
    const by = UNPACK[codec];
    if (by === undefined) throw invalid(`its batches are compressed in a way (${codec}) that is not known`);
    return by(packed.subarray(PREFIX_BYTES), Number(bytes));
  };
  return (buffer) => {
    const known = kept.get(buffer);
    if (known !== undefined) return known;
    const unpacking = unpack(buffer);
    kept.set(buffer, unpacking);
    unpacking.then(
      (whole) => {
        keptBytes += whole.length;
        if (keptBytes <= KEPT_MAX_BYTES) return;
        // Whoever wants it again unpacks it again.
        kept.clear();
        keptBytes = 0;
      },
      () => kept.delete(buffer),
    );
    return unpacking;
  };
}
