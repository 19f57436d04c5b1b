/** A bucket of Amazon S3, or of what speaks its language, for XComs. */
import type { Connection } from '../secrets/connection.ts';
import type { ObjectClient, ObjectInfo } from './object-backend.ts';

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
    async get(key) {
      try {
        const answer = await client.send(new aws.GetObjectCommand({ Bucket: bucket, Key: key }));
        return Buffer.from((await answer.Body?.transformToByteArray()) ?? []);
      } catch (error) {
        if ((error as Error).name === 'NoSuchKey') return null;
        throw error;
      }
    },
    async list(prefix) {
      const found: ObjectInfo[] = [];
      for await (const page of aws.paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: prefix }))
        for (const { Key = '', LastModified } of page.Contents ?? []) found.push({ key: Key, updatedAtMs: LastModified?.getTime() ?? 0 });
      return found;
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
