/** Amazon S3 (and what speaks its language) from a task. */
import { createReadStream, createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { S3Client } from '@aws-sdk/client-s3';
import { beforeCopy, reportCopied, reportFetched } from '#sdk/runtime/asset-writes.ts';
import { uriOfFile } from '../arrow/report-writing.ts';
import { ObjectStore } from '../cloud/object-store.ts';
import { parseObjectUri, parseOneObject } from '../cloud/object-uri.ts';
import { tryAgain } from '../cloud/try-again.ts';
import { writeWhole } from '../files/whole-file.ts';
import { explainAwsError, isTransientAwsError, statusOf } from './aws-error.ts';
import { AWS_DEFAULT, type AwsAccess, type AwsConnection, type ConnectionSource, readAwsConnection } from './connection.ts';

export interface S3Object {
  /** `s3://bucket/key`. */
  readonly uri: string;
  readonly bytes: number;
  readonly etag: string;
  readonly updated: string;
}

export interface UploadOptions {
  readonly contentType?: string;
}

const PART_BYTES = 8 * 1024 * 1024;
const READ_BYTES_MAX = 64 * 1024 * 1024;

/** Opens the connection `id` of a task: `await using s3 = await connectS3(ctx)`. */
export async function connectS3(ctx: ConnectionSource, id: string = AWS_DEFAULT): Promise<S3> {
  return openS3(readAwsConnection(await ctx.conn<AwsConnection>(id)), ctx.signal);
}

export async function openS3(access: AwsAccess, signal?: AbortSignal): Promise<S3> {
  const aws = await import('@aws-sdk/client-s3');
  const client = new aws.S3Client({
    region: access.region,
    maxAttempts: 5,
    ...(access.credentials === undefined ? {} : { credentials: access.credentials }),
    // Services beside Amazon's seldom have a host name for each bucket.
    ...(access.endpoint === undefined ? {} : { endpoint: access.endpoint, forcePathStyle: true }),
  });
  return new S3(client, aws, access, signal);
}

type Aws = typeof import('@aws-sdk/client-s3');

export class S3 extends ObjectStore<S3Object> implements AsyncDisposable {
  protected override readonly scheme = 's3';
  /** The library's client, for whatever is not here. */
  readonly client: S3Client;
  readonly #aws: Aws;
  readonly #access: AwsAccess;
  readonly #signal: AbortSignal | undefined;

  constructor(client: S3Client, aws: Aws, access: AwsAccess, signal: AbortSignal | undefined) {
    super();
    this.client = client;
    this.#aws = aws;
    this.#access = access;
    this.#signal = signal;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.client.destroy();
  }

  /** Sends a file, or bytes, to `s3://bucket/key`. What was there is replaced, in one instant; a large file goes in parts. */
  async upload(source: string | Uint8Array, uri: string, { contentType }: UploadOptions = {}): Promise<S3Object> {
    const { bucket, name } = parseOneObject(uri, 's3');
    const { Upload } = await import('@aws-sdk/lib-storage');
    if (typeof source === 'string') await beforeCopy(uriOfFile(source), uri);
    const sent = await this.#do(`uploading ${uri}`, async () => {
      const size = typeof source === 'string' ? (await stat(source)).size : source.byteLength;
      const body = (): Readable | Uint8Array => (typeof source === 'string' ? createReadStream(source) : source);
      const target = { Bucket: bucket, Key: name, ...(contentType === undefined ? {} : { ContentType: contentType }) };
      await this.#again(async () => {
        const upload = new Upload({ client: this.client, partSize: PART_BYTES, params: { ...target, Body: body() } });
        const abort = () => void upload.abort();
        this.#signal?.addEventListener('abort', abort, { once: true });
        await upload.done().finally(() => this.#signal?.removeEventListener('abort', abort));
      });
      const found = await this.#find(bucket, name);
      if (found?.bytes !== size) throw new Error(`${size} bytes were sent, but ${found?.bytes ?? 'none'} are there.`);
      return found;
    });
    if (typeof source === 'string') reportCopied(uriOfFile(source), uri);
    return sent;
  }

  /** Fetches an object into a file: whole, or not at all. */
  async download(uri: string, path: string): Promise<S3Object> {
    const { bucket, name } = parseOneObject(uri, 's3');
    const fetched = await this.#do(`downloading ${uri}`, () =>
      this.#again(async () => {
        const { body, object } = await this.#open(bucket, name);
        await writeWhole(path, async (unfinished) => {
          await pipeline(body, createWriteStream(unfinished));
          const { size } = await stat(unfinished);
          if (size !== object.bytes) throw Object.assign(new Error(`only ${size} of ${object.bytes} bytes came.`), { code: 'ECONNRESET' });
        });
        return object;
      }),
    );
    reportFetched(uri, uriOfFile(path));
    return fetched;
  }

  /** The bytes of a small object. Larger ones belong into a file: Fatal. */
  async read(uri: string): Promise<Buffer> {
    const { bucket, name } = parseOneObject(uri, 's3');
    return this.#do(`reading ${uri}`, () =>
      this.#again(async () => {
        const { body, object } = await this.#open(bucket, name);
        if (object.bytes > READ_BYTES_MAX) {
          body.destroy();
          throw new RangeError(`it has ${object.bytes} bytes: download it into a file of ctx.scratch.`);
        }
        const chunks: Buffer[] = [];
        for await (const chunk of body) chunks.push(chunk as Buffer);
        return Buffer.concat(chunks);
      }),
    );
  }

  /** Objects whose keys begin with `uri`, in the order of their keys. */
  async list(uri: string): Promise<readonly S3Object[]> {
    const { bucket, name } = parseObjectUri(uri, 's3');
    return this.#do(`listing ${uri}`, async () => {
      const found: S3Object[] = [];
      for await (const page of this.#aws.paginateListObjectsV2({ client: this.client }, { Bucket: bucket, Prefix: name })) {
        for (const { Key = '', Size = 0, ETag = '', LastModified } of page.Contents ?? [])
          found.push({ uri: `s3://${bucket}/${Key}`, bytes: Size, etag: ETag, updated: LastModified?.toISOString() ?? '' });
      }
      return found;
    });
  }

  /** The "folders" below `uri`, each with its slash at the end. */
  async listFolders(uri: string): Promise<readonly string[]> {
    const { bucket, name } = parseObjectUri(uri.endsWith('/') ? uri : `${uri}/`, 's3');
    return this.#do(`listing ${uri}`, async () => {
      const folders: string[] = [];
      for await (const page of this.#aws.paginateListObjectsV2({ client: this.client }, { Bucket: bucket, Prefix: name, Delimiter: '/' }))
        for (const { Prefix } of page.CommonPrefixes ?? []) folders.push(`s3://${bucket}/${Prefix}`);
      return folders;
    });
  }

  /** Null when there is none. */
  async find(uri: string): Promise<S3Object | null> {
    const { bucket, name } = parseOneObject(uri, 's3');
    return this.#do(`looking for ${uri}`, () => this.#find(bucket, name));
  }

  async delete(uri: string): Promise<void> {
    const { bucket, name } = parseOneObject(uri, 's3');
    await this.#do(`deleting ${uri}`, () => this.client.send(new this.#aws.DeleteObjectCommand({ Bucket: bucket, Key: name })));
  }

  /** Makes the bucket if need be. */
  async ensureBucket(name: string): Promise<void> {
    await this.#do(`creating bucket ${name}`, async () => {
      try {
        await this.client.send(new this.#aws.CreateBucketCommand({ Bucket: name }));
      } catch (error) {
        if (statusOf(error) !== 409) throw error;
      }
    });
  }

  async #find(bucket: string, name: string): Promise<S3Object | null> {
    try {
      const head = await this.client.send(new this.#aws.HeadObjectCommand({ Bucket: bucket, Key: name }));
      return shapeOf(bucket, name, head);
    } catch (error) {
      if (statusOf(error) === 404) return null;
      throw error;
    }
  }

  async #open(bucket: string, name: string): Promise<{ readonly body: Readable; readonly object: S3Object }> {
    const signal = this.#signal === undefined ? {} : { abortSignal: this.#signal };
    const answer = await this.client.send(new this.#aws.GetObjectCommand({ Bucket: bucket, Key: name }), signal);
    return { body: answer.Body as Readable, object: shapeOf(bucket, name, answer) };
  }

  #again<T>(work: () => Promise<T>): Promise<T> {
    return tryAgain(work, { signal: this.#signal, isTransient: isTransientAwsError });
  }

  async #do<T>(doing: string, work: () => Promise<T>): Promise<T> {
    this.#signal?.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      this.#signal?.throwIfAborted();
      throw explainAwsError(error, doing, this.#access.connectionId);
    }
  }
}

function shapeOf(
  bucket: string,
  name: string,
  {
    ContentLength = 0,
    ETag = '',
    LastModified,
  }: { ContentLength?: number | undefined; ETag?: string | undefined; LastModified?: Date | undefined },
): S3Object {
  return { uri: `s3://${bucket}/${name}`, bytes: ContentLength, etag: ETag, updated: LastModified?.toISOString() ?? '' };
}
