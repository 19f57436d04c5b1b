/**
 * Bytes of a file or stream, gunzipped if they are gzip: told by the first two bytes, not by the name.
 */
import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';

/** A path, or anything that yields bytes: a Node or web stream, a response body, an array of chunks. */
export type ByteSource = string | AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

const CHUNK_BYTES = 256 * 1024;

/** Yields the plain bytes of `source`. Throws an error that names the file when the gzip data are damaged or cut off. */
export async function* readBytes(source: ByteSource, name: string): AsyncGenerator<Uint8Array> {
  const raw: AsyncIterable<Uint8Array> | Iterable<Uint8Array> =
    typeof source === 'string' ? createReadStream(source, { highWaterMark: CHUNK_BYTES }) : source;
  const chunks = Symbol.asyncIterator in raw ? raw[Symbol.asyncIterator]() : raw[Symbol.iterator]();
  try {
    const head = await takeHead(chunks);
    const whole = restOf(head, chunks);
    if (head[0] === 0x1f && head[1] === 0x8b) yield* gunzip(whole, name);
    else yield* whole;
  } finally {
    await chunks.return?.();
  }
}

type Chunks = AsyncIterator<Uint8Array> | Iterator<Uint8Array>;

/** Reads until there are two bytes, or the source ends. */
async function takeHead(chunks: Chunks): Promise<Uint8Array> {
  let head: Uint8Array = new Uint8Array(0);
  while (head.byteLength < 2) {
    const next = await chunks.next();
    if (next.done) break;
    head = head.byteLength === 0 ? next.value : Buffer.concat([head, next.value]);
  }
  return head;
}

async function* restOf(head: Uint8Array, chunks: Chunks): AsyncGenerator<Uint8Array> {
  if (head.byteLength > 0) yield head;
  for (let next = await chunks.next(); !next.done; next = await chunks.next()) yield next.value;
}

async function* gunzip(compressed: AsyncIterable<Uint8Array>, name: string): AsyncGenerator<Uint8Array> {
  const source = Readable.from(compressed, { objectMode: false });
  const plain = createGunzip({ chunkSize: CHUNK_BYTES });
  source.on('error', (error) => plain.destroy(error));
  source.pipe(plain);
  try {
    for await (const chunk of plain) yield chunk as Buffer;
  } catch (error) {
    if (!isZlibError(error)) throw error;
    throw new Error(`${name}: the gzip data are damaged or cut off (${error.message}). Fetch the file again.`, { cause: error });
  } finally {
    source.destroy();
    plain.destroy();
  }
}

function isZlibError(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('Z_');
}
