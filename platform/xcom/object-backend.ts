/**
 * An XCom backend in a bucket: `<prefix>/<run>/<sha256>.json`. What speaks to the bucket is loaded at the first use, so that
 * a process which never meets a large value does not pay for it.
 */
import { createHash } from 'node:crypto';
import { AppError } from '#core/errors.ts';
import { inBlocks } from '../bytes/in-blocks.ts';
import { piecesOf, type RangedBytes } from '../bytes/ranged-bytes.ts';
import { systemClock } from '../clock.ts';
import type { ObjectClient } from '../objects/object-client.ts';
import type { Kept, XcomBackend, XcomRef } from './backend.ts';
import { isKept } from './kept.ts';

export interface ObjectBackendOptions {
  readonly scheme: 'gs' | 's3';
  readonly bucket: string;
  /** Without slashes at its ends; may be empty. */
  readonly prefix: string;
  readonly open: () => Promise<ObjectClient>;
}

const RUN = /^[0-9a-f-]{36}$/;
const TRIES = 4;
const DELAY_MS = 200;

export class ObjectBackend implements XcomBackend {
  readonly scheme: string;
  readonly #options: ObjectBackendOptions;
  readonly #ref: RegExp;
  readonly #base: string;
  #client: Promise<ObjectClient> | undefined;

  constructor(options: ObjectBackendOptions) {
    this.scheme = options.scheme;
    this.#options = options;
    // References come from Postgres; still, none may lead elsewhere.
    this.#ref = new RegExp(`^${options.scheme}:([0-9a-f-]{36})/([0-9a-f]{64})$`);
    this.#base = options.prefix === '' ? '' : `${options.prefix}/`;
  }

  async put(dagRunId: string, bytes: Buffer): Promise<XcomRef> {
    const hash = hashOf(bytes);
    await this.#do('write to', (client) => client.put(this.#key(dagRunId, hash), bytes));
    return { ref: `${this.scheme}:${dagRunId}/${hash}`, hash };
  }

  async get(ref: string): Promise<Buffer> {
    const [, dagRunId, hash] = this.#ref.exec(ref) ?? [];
    if (dagRunId === undefined || hash === undefined) throw gone(ref, `this is no reference of the ${this.scheme} backend`);
    const bytes = await this.#do('read from', (client) => client.get(this.#key(dagRunId, hash)));
    if (bytes === null) throw gone(ref, 'it was removed');
    if (hashOf(bytes) !== hash) throw gone(ref, 'its bytes are not those that were written');
    return bytes;
  }

  async listRuns(): Promise<readonly string[]> {
    const folders = await this.#do('list', (client) => client.listFolders(this.#base));
    return folders.filter((folder) => RUN.test(folder));
  }

  async prune(dagRunId: string, keep: Kept, olderThanMs: number): Promise<number> {
    const before = systemClock.now() - olderThanMs;
    const objects = await this.#do('list', (client) => client.list(`${this.#base}${dagRunId}/`));
    let removed = 0;
    for (const { key, updatedAtMs } of objects) {
      if (isKept(key, keep) || updatedAtMs > before) continue;
      await this.#do('delete from', (client) => client.delete(key));
      removed += 1;
    }
    return removed;
  }

  async putFrame(dagRunId: string, sha256: string, frame: RangedBytes): Promise<void> {
    const key = this.#frameKey(dagRunId, sha256);
    const there = await this.#do('read from', (client) => client.head(key));
    if (there?.bytes === frame.size) return;
    await this.#do('write to', (client) => client.putStream(key, () => piecesOf(frame), frame.size));
  }

  async openFrame(dagRunId: string, sha256: string): Promise<RangedBytes> {
    const key = this.#frameKey(dagRunId, sha256);
    const found = await this.#do('read from', (client) => client.head(key));
    if (found === null) throw gone(`${this.scheme}:${dagRunId}/${sha256}`, 'it was removed');
    return inBlocks({
      size: found.bytes,
      identity: `${this.scheme}:${key}:${found.version}`,
      read: async (offset, length) => {
        const piece = await this.#do('read from', (client) => client.getRange(key, offset, length));
        if (piece === null) throw gone(`${this.scheme}:${dagRunId}/${sha256}`, 'it was removed');
        if (piece.length !== length) throw gone(`${this.scheme}:${dagRunId}/${sha256}`, 'it is shorter than it was');
        return new Uint8Array(piece);
      },
      close: async () => undefined,
    });
  }

  #frameKey(dagRunId: string, sha256: string): string {
    if (!RUN.test(dagRunId) || !/^[0-9a-f]{64}$/.test(sha256)) throw gone(`${dagRunId}/${sha256}`, 'this names no frame');
    return `${this.#base}${dagRunId}/${sha256}.arrow`;
  }

  #key(dagRunId: string, hash: string): string {
    return `${this.#base}${dagRunId}/${hash}.json`;
  }

  /** Every call may be repeated: what is written is named by its content. */
  async #do<T>(doing: string, work: (client: ObjectClient) => Promise<T>): Promise<T> {
    const { scheme, bucket, open } = this.#options;
    this.#client ??= open();
    let client: ObjectClient | undefined;
    for (let tried = 1; ; tried++) {
      try {
        client = await this.#client;
        return await work(client);
      } catch (error) {
        if (client !== undefined && tried < TRIES && client.isTransient(error)) {
          await systemClock.sleep(DELAY_MS * 2 ** (tried - 1));
          continue;
        }
        if (client === undefined) this.#client = undefined;
        const why = ((error as Error).message ?? String(error)).split('\n')[0];
        throw new Error(`The XCom backend cannot ${doing} ${scheme}://${bucket}: ${why}`, { cause: error });
      }
    }
  }
}

function hashOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function gone(ref: string, why: string): AppError {
  return new AppError(
    'NOT_FOUND',
    `A value that was kept in the XCom backend cannot be read (${ref}): ${why}. Clear the task that made it.`,
  );
}
