/** Where a lake lies: a folder, or a bucket. A file is there wholly or not at all. */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connectS3 } from '../amazon/s3.ts';
import { uriOfFile } from '../arrow/report-writing.ts';
import { joinUri } from '../cloud/object-uri.ts';
import { writeWhole } from '../files/whole-file.ts';
import { connectGcs } from '../google/gcs.ts';
import type { SyncCtx } from './sync-types.ts';

export interface LakeStore extends AsyncDisposable {
  /** Of the whole lake. */
  readonly uri: string;
  /** Null = there is none. */
  read(name: string): Promise<string | null>;
  write(name: string, text: string): Promise<void>;
  /** Of the files that lie in it, not deeper. */
  names(): Promise<readonly string[]>;
  remove(name: string): Promise<void>;
  /** Calls `write` with a path on this machine, and brings what is there then to its place. */
  place<T>(name: string, write: (path: string) => Promise<T>): Promise<T>;
}

export async function openLakeStore(ctx: SyncCtx, folder: string, connection: string | undefined): Promise<LakeStore> {
  if (folder.startsWith('gs://')) return inBucket(ctx, folder, await connectGcs(ctx, connection));
  if (folder.startsWith('s3://')) return inBucket(ctx, folder, await connectS3(ctx, connection));
  await mkdir(folder, { recursive: true });
  return {
    uri: uriOfFile(folder),
    async read(name) {
      try {
        return await readFile(join(folder, name), 'utf8');
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
        throw error;
      }
    },
    write: (name, text) => writeWhole(join(folder, name), (unfinished) => writeFile(unfinished, text, { flush: true })),
    names: () => readdir(folder),
    remove: (name) => rm(join(folder, name), { force: true }),
    place: (name, write) => write(join(folder, name)),
    [Symbol.asyncDispose]: async () => undefined,
  };
}

interface Bucket {
  exists(uri: string): Promise<boolean>;
  read(uri: string): Promise<Buffer>;
  upload(source: string | Uint8Array, uri: string): Promise<unknown>;
  list(uri: string): Promise<readonly { readonly uri: string }[]>;
  delete(uri: string): Promise<unknown>;
}

function inBucket(ctx: SyncCtx, folder: string, bucket: Bucket & Partial<AsyncDisposable>): LakeStore {
  const uri = folder.replace(/\/+$/, '');
  return {
    uri,
    read: async (name) => ((await bucket.exists(joinUri(uri, name))) ? (await bucket.read(joinUri(uri, name))).toString('utf8') : null),
    write: async (name, text) => void (await bucket.upload(Buffer.from(text), joinUri(uri, name))),
    names: async () => (await bucket.list(`${uri}/`)).map((object) => object.uri.slice(uri.length + 1)),
    remove: async (name) => void (await bucket.delete(joinUri(uri, name))),
    async place(name, write) {
      await mkdir(ctx.scratch, { recursive: true });
      const path = join(ctx.scratch, `sync.${name}`);
      try {
        const written = await write(path);
        await bucket.upload(path, joinUri(uri, name));
        return written;
      } finally {
        await rm(path, { force: true });
      }
    },
    [Symbol.asyncDispose]: async () => bucket[Symbol.asyncDispose]?.(),
  };
}
