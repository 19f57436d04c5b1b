/** Uploads that come in parts. */
import { GoogleError, jsonOf } from '../http-server.ts';
import type { Described, StoredObject } from './object-store.ts';

export interface UploadSession {
  readonly bucket: string;
  readonly name: string;
  /** Of the request that began it: preconditions. */
  readonly query: URLSearchParams;
  readonly described: Described;
}

export type UploadState =
  | { readonly kind: 'more'; readonly received: number }
  | { readonly kind: 'whole'; readonly session: UploadSession; readonly bytes: Buffer };

interface Open {
  readonly session: UploadSession;
  readonly chunks: Buffer[];
  received: number;
  stored?: StoredObject;
}

export class Uploads {
  readonly #open = new Map<string, Open>();
  #last = 0;

  begin(session: UploadSession): string {
    this.#last += 1;
    const id = `upload-${this.#last}`;
    this.#open.set(id, { session, chunks: [], received: 0 });
    return id;
  }

  // The range is "bytes 0-99/*" with more to come, "bytes 100-149/150", or "bytes */150" to ask how much is there.
  take(id: string, range: string | undefined, body: Buffer): UploadState {
    const open = this.#open.get(id);
    if (open === undefined) throw new GoogleError(404, 'notFound', `There is no upload ${id}.`);
    const match = /^bytes (?:(\d+)-(\d+|\*)|\*)\/(\d+|\*)$/.exec(range ?? `bytes 0-${Math.max(0, body.length - 1)}/${body.length}`);
    if (match === null) throw new GoogleError(400, 'invalid', `Invalid Content-Range: ${range}`);
    const [, first, last, total] = match;
    if (first !== undefined) {
      // Bytes that are known already are passed over: a client sends them again when an answer was lost.
      const known = open.received - Number(first);
      if (known < 0) throw new GoogleError(503, 'backendError', 'A chunk is missing before this one.');
      const fresh = body.subarray(Math.min(known, body.length));
      open.chunks.push(fresh);
      open.received += fresh.length;
    }
    // "bytes 0-*/*": all that there is, by a client that does not know how much it is.
    const isWhole = last === '*' || (total !== '*' && open.received >= Number(total));
    return isWhole
      ? { kind: 'whole', session: open.session, bytes: Buffer.concat(open.chunks) }
      : { kind: 'more', received: open.received };
  }

  stored(id: string): StoredObject | undefined {
    return this.#open.get(id)?.stored;
  }

  finish(id: string, object: StoredObject): void {
    const open = this.#open.get(id);
    if (open !== undefined) open.stored = object;
  }

  cancel(id: string): void {
    this.#open.delete(id);
  }
}

/** The two parts of `multipart/related`: metadata as JSON, then the bytes. Throws 400. */
export function parseMultipart(contentType: string, body: Buffer): { readonly described: Described; readonly bytes: Buffer } {
  const boundary = /boundary="?([^";]+)"?/.exec(contentType)?.[1];
  if (boundary === undefined) throw new GoogleError(400, 'invalid', 'A multipart upload needs a boundary.');
  const mark = Buffer.from(`--${boundary}`);
  const starts: number[] = [];
  for (let at = body.indexOf(mark); at >= 0; at = body.indexOf(mark, at + mark.length)) starts.push(at);
  if (starts.length < 3) throw new GoogleError(400, 'invalid', 'A multipart upload needs two parts.');
  const part = (index: number) => {
    const whole = body.subarray((starts[index] as number) + mark.length, starts[index + 1]);
    const headEnd = whole.indexOf('\r\n\r\n');
    const head = whole.subarray(0, headEnd).toString('latin1');
    // The line break before the next boundary belongs to the boundary.
    return { bytes: whole.subarray(headEnd + 4, whole.length - 2), type: /content-type:\s*([^\r\n]+)/i.exec(head)?.[1] };
  };
  const data = part(1);
  return { described: { contentType: data.type, ...jsonOf(part(0).bytes) }, bytes: Buffer.from(data.bytes) };
}
