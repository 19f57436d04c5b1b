/** A bucket of Google Cloud Storage. */
import { readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { AppError } from '#core/errors.ts';
import type { Connection } from '../secrets/connection.ts';
import type { ObjectClient, ObjectInfo } from './object-client.ts';

/** More is sent in several requests, and goes on where it was cut. */
const SIMPLE_MAX_BYTES = 5 * 1024 * 1024;

/** The extra as of a connection of tasks: project, key_path or keyfile_dict, storage_endpoint; none of them = the machine's own credentials. */
export async function openGcsClient(bucketName: string, connection: Connection | null): Promise<ObjectClient> {
  const { Storage } = await import('@google-cloud/storage');
  const extra = connection?.extra ?? {};
  const text = (name: string) => (typeof extra[name] === 'string' && extra[name] !== '' ? (extra[name] as string) : undefined);
  const credentials = await readCredentials(connection?.id ?? '', text('key_path'), extra['keyfile_dict']);
  const endpoint = text('storage_endpoint');
  const projectId = text('project') ?? credentials?.['project_id'] ?? (endpoint === undefined ? undefined : 'windlass-local');
  // Whoever asks tries again by itself: the library's own way ends the process when it is a download (ERR_STREAM_UNABLE_TO_PIPE).
  const bucket = new Storage({
    retryOptions: { autoRetry: false },
    ...(projectId === undefined ? {} : { projectId }),
    ...(credentials === undefined ? {} : { credentials }),
    ...(endpoint === undefined ? {} : { apiEndpoint: endpoint }),
  }).bucket(bucketName);
  return {
    put: async (key, bytes) => bucket.file(key).save(bytes, { resumable: false, contentType: 'application/json', validation: 'crc32c' }),
    putStream: (key, open, bytes) =>
      pipeline(Readable.from(open()), bucket.file(key).createWriteStream({ resumable: bytes > SIMPLE_MAX_BYTES, validation: 'crc32c' })),
    get: (key) => unlessMissing(async () => (await bucket.file(key).download({ validation: 'crc32c' }))[0], null),
    // Not checked: the sum of an object is that of all its bytes.
    getRange: (key, offset, length) =>
      unlessMissing(async () => (await bucket.file(key).download({ start: offset, end: offset + length - 1, validation: false }))[0], null),
    head: (key) => unlessMissing(async () => infoOf({ name: key, metadata: (await bucket.file(key).getMetadata())[0] }), null),
    list: async (prefix, max) => (await bucket.getFiles({ prefix, ...(max === undefined ? {} : { maxResults: max }) }))[0].map(infoOf),
    async listFolders(prefix) {
      const folders: string[] = [];
      let pageToken: string | undefined;
      do {
        const query = { prefix, delimiter: '/', autoPaginate: false, ...(pageToken === undefined ? {} : { pageToken }) };
        const [, , answer] = (await bucket.getFiles(query)) as unknown as [
          unknown,
          unknown,
          { prefixes?: string[]; nextPageToken?: string },
        ];
        folders.push(...(answer.prefixes ?? []).map((folder) => folder.slice(prefix.length, -1)));
        pageToken = answer.nextPageToken;
      } while (pageToken !== undefined);
      return folders;
    },
    delete: async (key) => void (await unlessMissing(async () => bucket.file(key).delete(), null)),
    isTransient: (error) => {
      const { code } = error as { code?: number | string };
      return typeof code === 'number' ? code === 408 || code === 429 || code >= 500 : /^E[A-Z]+$/.test(String(code));
    },
  };
}

interface Listed {
  readonly name: string;
  readonly metadata: {
    readonly updated?: string | undefined;
    readonly size?: string | number | undefined;
    readonly generation?: string | number | undefined;
  };
}

function infoOf({ name, metadata }: Listed): ObjectInfo {
  const { updated, size, generation } = metadata;
  return { key: name, bytes: Number(size), updatedAtMs: Date.parse(String(updated)), version: String(generation) };
}

async function readCredentials(id: string, path: string | undefined, given: unknown): Promise<Record<string, string> | undefined> {
  const text = path === undefined ? given : await readFile(path, 'utf8');
  if (text === undefined || text === null || text === '') return undefined;
  if (typeof text === 'object') return text as Record<string, string>;
  try {
    return JSON.parse(String(text)) as Record<string, string>;
  } catch {
    // The parser's own message would quote the key.
    throw new AppError('CONFIG_INVALID', `The key of connection "${id}" is no JSON. Give the whole file that Google made.`);
  }
}

async function unlessMissing<T, U>(work: () => Promise<T>, otherwise: U): Promise<T | U> {
  try {
    return await work();
  } catch (error) {
    if ((error as { code?: number }).code === 404 && !/bucket does not exist/i.test((error as Error).message)) return otherwise;
    throw error;
  }
}
