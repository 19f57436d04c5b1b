/** A bucket of Amazon S3, or of what speaks its language. */
import { Readable } from 'node:stream';
import type { Connection } from '../secrets/connection.ts';
import type { ObjectClient, ObjectInfo } from './object-client.ts';

const PART_BYTES = 8 * 1024 * 1024;

/** Login and password are the access key; the extra: region_name, endpoint_url. Without a login: the machine's own credentials. */
export async function openS3Client(bucket: string, connection: Connection | null): Promise<ObjectClient> {
  const aws = await import('@aws-sdk/client-s3');
  const extra = connection?.extra ?? {};
  const text = (name: string) => (typeof extra[name] === 'string' && extra[name] !== '' ? (extra[name] as string) : undefined);
  const endpoint = text('endpoint_url');
  const sessionToken = text('aws_session_token');
  const { login = null, password = null } = connection ?? {};
  const client = new aws.S3Client({
    region: text('region_name') ?? 'us-east-1',
    maxAttempts: 1,
    ...(login === null || password === null
      ? {}
      : { credentials: { accessKeyId: login, secretAccessKey: password, ...(sessionToken === undefined ? {} : { sessionToken }) } }),
    ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
  });
  return {
    put: async (key, bytes) => {
      await client.send(new aws.PutObjectCommand({ Bucket: bucket, Key: key, Body: bytes, ContentType: 'application/json' }));
    },
    async putStream(key, open) {
      const { Upload } = await import('@aws-sdk/lib-storage');
      await new Upload({
        client,
        params: { Bucket: bucket, Key: key, Body: Readable.from(open()) },
        partSize: PART_BYTES,
        queueSize: 2,
      }).done();
    },
    get: (key) => unlessMissing(async () => bytesOf(await client.send(new aws.GetObjectCommand({ Bucket: bucket, Key: key })))),
    getRange: (key, offset, length) =>
      unlessMissing(async () => {
        const range = `bytes=${offset}-${offset + length - 1}`;
        return bytesOf(await client.send(new aws.GetObjectCommand({ Bucket: bucket, Key: key, Range: range })));
      }),
    head: (key) =>
      unlessMissing(async () => {
        const { ContentLength, LastModified, ETag } = await client.send(new aws.HeadObjectCommand({ Bucket: bucket, Key: key }));
        return infoOf({ Key: key, Size: ContentLength, LastModified, ETag });
      }),
    async list(prefix, max = Number.POSITIVE_INFINITY) {
      const found: ObjectInfo[] = [];
      for await (const page of aws.paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: prefix })) {
        found.push(...(page.Contents ?? []).map(infoOf));
        if (found.length >= max) break;
      }
      return found.slice(0, max);
    },
    async listFolders(prefix) {
      const folders: string[] = [];
      for await (const page of aws.paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: prefix, Delimiter: '/' }))
        for (const { Prefix = '' } of page.CommonPrefixes ?? []) folders.push(Prefix.slice(prefix.length, -1));
      return folders;
    },
    delete: async (key) => {
      await client.send(new aws.DeleteObjectCommand({ Bucket: bucket, Key: key }));
    },
    isTransient: (error) => {
      const { $metadata, code } = error as { $metadata?: { httpStatusCode?: number }; code?: string };
      const status = $metadata?.httpStatusCode;
      return status === undefined ? /^E[A-Z]+$/.test(String(code)) : status === 408 || status === 429 || status >= 500;
    },
  };
}

interface Listed {
  readonly Key?: string | undefined;
  readonly Size?: number | undefined;
  readonly LastModified?: Date | undefined;
  readonly ETag?: string | undefined;
}

function infoOf({ Key = '', Size = 0, LastModified, ETag = '' }: Listed): ObjectInfo {
  const updatedAtMs = LastModified?.getTime() ?? 0;
  // An ETag alone is the same when the same bytes are written again.
  return { key: Key, bytes: Size, updatedAtMs, version: `${ETag.replaceAll('"', '')}/${Math.floor(updatedAtMs / 1000)}` };
}

async function bytesOf({ Body }: { readonly Body?: { transformToByteArray(): Promise<Uint8Array> } | undefined }): Promise<Buffer> {
  return Buffer.from((await Body?.transformToByteArray()) ?? []);
}

async function unlessMissing<T>(work: () => Promise<T>): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    if (['NoSuchKey', 'NotFound'].includes((error as Error).name)) return null;
    throw error;
  }
}
