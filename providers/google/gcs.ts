/** Google Cloud Storage from a task. */
import { EventEmitter } from 'node:events';
import { createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Bucket, File, Storage } from '@google-cloud/storage';
import { beforeCopy, reportCopied, reportFetched } from '#sdk/runtime/asset-writes.ts';
import { uriOfFile } from '../arrow/report-writing.ts';
import { ObjectStore } from '../cloud/object-store.ts';
import { parseObjectUri, parseOneObject } from '../cloud/object-uri.ts';
import { tryAgain } from '../cloud/try-again.ts';
import { writeWhole } from '../files/whole-file.ts';
import { type ConnectionSource, GOOGLE_DEFAULT, type GoogleAccess, googleAccess } from './connection.ts';
import { codeOf, explainGoogleError, isTransientGoogleError } from './google-error.ts';

export interface GcsObject {
  /** `gs://bucket/name`. */
  readonly uri: string;
  readonly bytes: number;
  /** Another with every write: what tells two objects of one name apart. */
  readonly generation: string;
  readonly updated: string;
}

export interface UploadOptions {
  readonly contentType?: string;
  /** Fails when there is an object of that name already. */
  readonly ifAbsent?: boolean;
}

const LISTENERS = 50;
/** Above it, an upload goes on where it was cut off instead of beginning anew. */
const RESUMABLE_BYTES = 5 * 1024 * 1024;
/** The library keeps one part in memory. Without parts it cannot send again what was lost on the way, and gives up. */
const PART_BYTES = 8 * 1024 * 1024;
const READ_BYTES_MAX = 64 * 1024 * 1024;

/** Opens the connection `id` of a task: `const gcs = await connectGcs(ctx)`. There is nothing to close. */
export async function connectGcs(ctx: ConnectionSource, id: string = GOOGLE_DEFAULT): Promise<Gcs> {
  return openGcs(await googleAccess(ctx, id), ctx.signal);
}

export async function openGcs(access: GoogleAccess, signal?: AbortSignal): Promise<Gcs> {
  // The library's requests listen more than ten times to one stream; Node would write a warning of a leak into the task's log.
  EventEmitter.defaultMaxListeners = Math.max(EventEmitter.defaultMaxListeners, LISTENERS);
  const { Storage, IdempotencyStrategy } = await import('@google-cloud/storage');
  const settings = {
    ...(access.projectId === undefined ? {} : { projectId: access.projectId }),
    ...(access.credentials === undefined ? {} : { credentials: access.credentials }),
    ...(access.storageEndpoint === undefined
      ? {}
      : { apiEndpoint: access.storageEndpoint, projectId: access.projectId ?? 'windlass-local' }),
  };
  return new Gcs({
    access,
    signal,
    // By default the library stops retrying anything at all after the first upload without a precondition. Ours write
    // the same bytes under the same name: sending them twice does no harm.
    storage: new Storage({ ...settings, retryOptions: { idempotencyStrategy: IdempotencyStrategy.RetryAlways, maxRetries: 5 } }),
    // A download that the library tries again ends the process on this Node (ERR_STREAM_UNABLE_TO_PIPE): we do it ourselves.
    reading: new Storage({ ...settings, retryOptions: { autoRetry: false } }),
  });
}

interface FolderPage {
  readonly prefixes?: readonly string[];
  readonly nextPageToken?: string;
}

interface Parts {
  readonly access: GoogleAccess;
  readonly signal: AbortSignal | undefined;
  readonly storage: Storage;
  readonly reading: Storage;
}

export class Gcs extends ObjectStore<GcsObject> {
  protected override readonly scheme = 'gs';
  readonly #parts: Parts;

  constructor(parts: Parts) {
    super();
    this.#parts = parts;
  }

  /** The library's client, for whatever is not here. */
  get client(): Storage {
    return this.#parts.storage;
  }

  /** Sends a file, or bytes, to `gs://bucket/name`. What was there is replaced, in one instant. */
  async upload(source: string | Uint8Array, uri: string, options: UploadOptions = {}): Promise<GcsObject> {
    const { bucket, name } = parseOneObject(uri, 'gs');
    const common = {
      validation: 'crc32c' as const,
      ...(options.contentType === undefined ? {} : { contentType: options.contentType }),
      ...(options.ifAbsent ? { preconditionOpts: { ifGenerationMatch: 0 } } : {}),
    };
    if (typeof source === 'string') await beforeCopy(uriOfFile(source), uri);
    const sent = await this.#do(`uploading ${uri}`, async () => {
      const target = this.#parts.storage.bucket(bucket);
      if (typeof source !== 'string') {
        await target.file(name).save(Buffer.from(source), { ...common, ...inParts(source.byteLength) });
        return this.#describe(target.file(name));
      }
      const { size } = await stat(source);
      const [file] = await target.upload(source, { ...common, ...inParts(size), destination: name });
      return this.#describe(file);
    });
    if (typeof source === 'string') reportCopied(uriOfFile(source), uri);
    return sent;
  }

  /** Fetches an object into a file: whole and checked, or not at all. */
  async download(uri: string, path: string): Promise<GcsObject> {
    const { bucket, name } = parseOneObject(uri, 'gs');
    const file = this.#parts.reading.bucket(bucket).file(name);
    const fetched = await this.#do(`downloading ${uri}`, () =>
      this.#again(async () => {
        const described = await this.#describe(file);
        await writeWhole(path, (unfinished) => pipeline(this.#bytesOf(file, described), createWriteStream(unfinished)));
        return described;
      }),
    );
    reportFetched(uri, uriOfFile(path));
    return fetched;
  }

  /** The bytes of a small object. Larger ones belong into a file: Fatal. */
  async read(uri: string): Promise<Buffer> {
    const { bucket, name } = parseOneObject(uri, 'gs');
    const file = this.#parts.reading.bucket(bucket).file(name);
    return this.#do(`reading ${uri}`, () =>
      this.#again(async () => {
        const described = await this.#describe(file);
        if (described.bytes > READ_BYTES_MAX)
          throw new RangeError(`it has ${described.bytes} bytes: download it into a file of ctx.scratch.`);
        const chunks: Buffer[] = [];
        const collect = new Writable({
          write(chunk: Buffer, _, done) {
            chunks.push(chunk);
            done();
          },
        });
        await pipeline(this.#bytesOf(file, described), collect);
        return Buffer.concat(chunks);
      }),
    );
  }

  /** Objects whose names begin with `uri`, in the order of their names. */
  async list(uri: string): Promise<readonly GcsObject[]> {
    const { bucket, name } = parseObjectUri(uri, 'gs');
    return this.#do(`listing ${uri}`, async () => {
      const [files] = await this.#parts.storage.bucket(bucket).getFiles({ prefix: name });
      return files.map(shapeOf);
    });
  }

  /** The "folders" below `uri`, each with its slash at the end. */
  async listFolders(uri: string): Promise<readonly string[]> {
    const { bucket, name } = parseObjectUri(uri.endsWith('/') ? uri : `${uri}/`, 'gs');
    return this.#do(`listing ${uri}`, async () => {
      const folders: string[] = [];
      let pageToken: string | undefined;
      do {
        const query = { prefix: name, delimiter: '/', autoPaginate: false, ...(pageToken === undefined ? {} : { pageToken }) };
        const [, , answer] = (await this.#parts.storage.bucket(bucket).getFiles(query)) as unknown as [unknown, unknown, FolderPage];
        folders.push(...(answer.prefixes ?? []));
        pageToken = answer.nextPageToken;
      } while (pageToken !== undefined);
      return folders.map((folder) => `gs://${bucket}/${folder}`);
    });
  }

  /** Null when there is none. */
  async find(uri: string): Promise<GcsObject | null> {
    const { bucket, name } = parseOneObject(uri, 'gs');
    return this.#do(`looking for ${uri}`, () =>
      this.#describe(this.#parts.storage.bucket(bucket).file(name)).catch((error: unknown) => {
        if (codeOf(error) === 404) return null;
        throw error;
      }),
    );
  }

  /** False when there was none. */
  async delete(uri: string): Promise<boolean> {
    const { bucket, name } = parseOneObject(uri, 'gs');
    return this.#do(`deleting ${uri}`, async () => {
      try {
        await this.#parts.storage.bucket(bucket).file(name).delete();
        return true;
      } catch (error) {
        if (codeOf(error) === 404) return false;
        throw error;
      }
    });
  }

  /** Makes the bucket if need be. */
  async ensureBucket(name: string, location?: string): Promise<void> {
    await this.#do(`creating bucket ${name}`, async () => {
      try {
        const create = this.#parts.storage as unknown as { createBucket(name: string, metadata: object): Promise<[Bucket]> };
        await create.createBucket(name, location === undefined ? {} : { location });
      } catch (error) {
        if (codeOf(error) !== 409) throw error;
      }
    });
  }

  async #describe(file: File): Promise<GcsObject> {
    await file.getMetadata();
    return shapeOf(file);
  }

  /** Of the generation that was described: a writer between two tries cannot mix two objects. */
  #bytesOf(file: File, { generation }: GcsObject) {
    return file.bucket.file(file.name, { generation: Number(generation) }).createReadStream({ validation: 'crc32c' });
  }

  #again<T>(work: () => Promise<T>): Promise<T> {
    return tryAgain(work, { signal: this.#parts.signal, isTransient: isTransientGoogleError });
  }

  async #do<T>(doing: string, work: () => Promise<T>): Promise<T> {
    this.#parts.signal?.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      this.#parts.signal?.throwIfAborted();
      throw explainGoogleError(error, doing, this.#parts.access.connectionId);
    }
  }
}

function inParts(bytes: number): { readonly resumable: boolean; readonly chunkSize?: number } {
  return bytes > RESUMABLE_BYTES ? { resumable: true, chunkSize: PART_BYTES } : { resumable: false };
}

function shapeOf(file: File): GcsObject {
  const { size, generation, updated } = file.metadata;
  return { uri: `gs://${file.bucket.name}/${file.name}`, bytes: Number(size), generation: String(generation), updated: String(updated) };
}
