/** Buckets and objects of the emulated Google Storage, in memory. */
import { createHash } from 'node:crypto';
import type { Clock } from '#platform/clock.ts';
import { GoogleError } from '../http-server.ts';
import { crc32c } from './crc32c.ts';

export interface StoredObject {
  readonly bucket: string;
  readonly name: string;
  readonly bytes: Buffer;
  readonly generation: number;
  readonly metageneration: number;
  readonly contentType: string;
  readonly contentEncoding: string | null;
  readonly metadata: Readonly<Record<string, string>>;
  readonly md5Hash: string;
  readonly crc32c: string;
  readonly createdAt: string;
  readonly updatedAt: string;
}

export type Described = Readonly<Record<string, unknown>>;

export interface ListPage {
  readonly items: readonly StoredObject[];
  readonly prefixes: readonly string[];
  readonly nextPageToken?: string;
}

const PAGE = 1000;

export class ObjectStore {
  readonly #clock: Clock;
  readonly #buckets = new Map<string, Map<string, StoredObject>>();
  #generation = 1;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get bucketNames(): readonly string[] {
    return [...this.#buckets.keys()].sort();
  }

  hasBucket(name: string): boolean {
    return this.#buckets.has(name);
  }

  createBucket(name: string): void {
    if (!/^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$/.test(name)) throw new GoogleError(400, 'invalid', `Invalid bucket name: '${name}'`);
    if (this.#buckets.has(name))
      throw new GoogleError(409, 'conflict', 'Your previous request to create the named bucket succeeded and you already own it.');
    this.#buckets.set(name, new Map());
  }

  deleteBucket(name: string): void {
    if (this.#bucket(name).size > 0) throw new GoogleError(409, 'conflict', 'The bucket you tried to delete is not empty.');
    this.#buckets.delete(name);
  }

  /** Throws 404. */
  get(bucket: string, name: string): StoredObject {
    const found = this.#bucket(bucket).get(name);
    if (found === undefined) throw new GoogleError(404, 'notFound', `No such object: ${bucket}/${name}`);
    return found;
  }

  find(bucket: string, name: string): StoredObject | undefined {
    return this.#bucket(bucket).get(name);
  }

  /** `described`: metadata as a client sends it. Throws 400 when its hash is not that of the bytes. */
  put(bucket: string, name: string, bytes: Buffer, described: Described): StoredObject {
    const objects = this.#bucket(bucket);
    const now = new Date(this.#clock.now()).toISOString();
    const made: StoredObject = {
      bucket,
      name,
      bytes,
      generation: this.#clock.now() * 1000 + (this.#generation++ % 1000),
      metageneration: 1,
      contentType: text(described['contentType']) ?? 'application/octet-stream',
      contentEncoding: text(described['contentEncoding']),
      metadata: (described['metadata'] ?? {}) as Readonly<Record<string, string>>,
      md5Hash: createHash('md5').update(bytes).digest('base64'),
      crc32c: crc32c(bytes),
      createdAt: now,
      updatedAt: now,
    };
    for (const hash of ['md5Hash', 'crc32c'] as const) {
      const said = text(described[hash]);
      if (said !== null && said !== made[hash])
        throw new GoogleError(400, 'invalid', `Provided ${hash} "${said}" doesn't match calculated ${hash} "${made[hash]}".`);
    }
    objects.set(name, made);
    return made;
  }

  change(bucket: string, name: string, described: Described): StoredObject {
    const old = this.get(bucket, name);
    const changed: StoredObject = {
      ...old,
      metageneration: old.metageneration + 1,
      contentType: text(described['contentType']) ?? old.contentType,
      metadata: { ...old.metadata, ...((described['metadata'] ?? {}) as object) },
      updatedAt: new Date(this.#clock.now()).toISOString(),
    };
    this.#bucket(bucket).set(name, changed);
    return changed;
  }

  delete(bucket: string, name: string): void {
    this.get(bucket, name);
    this.#bucket(bucket).delete(name);
  }

  /** Objects in the order of their names; with a delimiter, "folders" instead of what lies below them. */
  list(bucket: string, { prefix = '', delimiter = '', pageToken = '', maxResults = PAGE } = {}): ListPage {
    const items: StoredObject[] = [];
    const prefixes: string[] = [];
    const after = Buffer.from(pageToken, 'base64').toString('utf8');
    const names = [...this.#bucket(bucket).keys()]
      .filter((name) => name.startsWith(prefix))
      .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    for (const name of names) {
      const end = delimiter === '' ? -1 : name.indexOf(delimiter, prefix.length);
      const folder = end < 0 ? null : name.slice(0, end + delimiter.length);
      const entry = folder ?? name;
      if (after !== '' && entry <= after) continue;
      if (folder !== null && prefixes.at(-1) === folder) continue;
      if (items.length + prefixes.length >= Math.min(maxResults, PAGE)) {
        const last = [items.at(-1)?.name ?? '', prefixes.at(-1) ?? ''].sort().at(-1) as string;
        return { items, prefixes, nextPageToken: Buffer.from(last).toString('base64') };
      }
      if (folder === null) items.push(this.get(bucket, name));
      else prefixes.push(folder);
    }
    return { items, prefixes };
  }

  #bucket(name: string): Map<string, StoredObject> {
    const bucket = this.#buckets.get(name);
    if (bucket === undefined) throw new GoogleError(404, 'notFound', 'The specified bucket does not exist.');
    return bucket;
  }
}

function text(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}
