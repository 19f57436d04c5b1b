/**
 * Google Cloud Storage's JSON API, as much of it as data pipelines use: buckets, uploads (simple, multipart, resumable in
 * one or many chunks), ranges, lists with prefix, delimiter and pages, copies, preconditions. Nobody is asked who they are.
 */
import type { Clock } from '#platform/clock.ts';
import { type EmulatedRequest, type EmulatedResponse, type Emulator, GoogleError, jsonOf, serveEmulator } from '../http-server.ts';
import { type Described, ObjectStore, type StoredObject } from './object-store.ts';
import { parseMultipart, Uploads } from './uploads.ts';

export interface GcsEmulator extends Emulator {
  readonly objects: ObjectStore;
}

interface Call extends EmulatedRequest {
  /** Decoded: bucket, object, … */
  readonly names: readonly string[];
}

interface Place {
  readonly store: ObjectStore;
  readonly uploads: Uploads;
  readonly url: () => string;
}

type Handler = (place: Place, call: Call) => EmulatedResponse;

export async function startGcsEmulator({ port, clock }: { readonly port: number; readonly clock: Clock }): Promise<GcsEmulator> {
  const store = new ObjectStore(clock);
  let url = '';
  const place: Place = { store, uploads: new Uploads(), url: () => url };
  const emulator = await serveEmulator(port, async (request) => handle(place, request));
  url = emulator.url;
  return { ...emulator, objects: store };
}

const ROUTES: readonly (readonly [method: string, path: RegExp, handler: Handler])[] = [
  ['GET', /^\/b$/, ({ store }) => ({ body: { kind: 'storage#buckets', items: store.bucketNames.map(bucketShape) } })],
  ['POST', /^\/b$/, createBucket],
  ['GET', /^\/b\/([^/]+)$/, ({ store }, { names: [bucket = ''] }) => ({ body: bucketShape(knownBucket(store, bucket)) })],
  ['PATCH', /^\/b\/([^/]+)$/, ({ store }, { names: [bucket = ''] }) => ({ body: bucketShape(knownBucket(store, bucket)) })],
  [
    'DELETE',
    /^\/b\/([^/]+)$/,
    ({ store }, { names: [bucket = ''] }) => {
      store.deleteBucket(bucket);
      return { status: 204 };
    },
  ],
  ['GET', /^\/b\/([^/]+)\/o$/, listObjects],
  ['POST', /^\/upload\/b\/([^/]+)\/o$/, upload],
  ['PUT', /^\/upload\/b\/([^/]+)\/o$/, continueUpload],
  [
    'DELETE',
    /^\/upload\/b\/([^/]+)\/o$/,
    ({ uploads }, { query }) => {
      uploads.cancel(query.get('upload_id') ?? '');
      return { status: 499 };
    },
  ],
  ['GET', /^\/b\/([^/]+)\/o\/([^/]+)$/, readObject],
  ['PATCH', /^\/b\/([^/]+)\/o\/([^/]+)$/, changeObject],
  ['DELETE', /^\/b\/([^/]+)\/o\/([^/]+)$/, deleteObject],
  ['POST', /^\/b\/([^/]+)\/o\/([^/]+)\/(?:rewriteTo|copyTo)\/b\/([^/]+)\/o\/([^/]+)$/, copyObject],
];

function handle(place: Place, request: EmulatedRequest): EmulatedResponse {
  // With STORAGE_EMULATOR_HOST clients leave out "/storage/v1"; downloads may come by "/download".
  const path = request.path.replace('/storage/v1', '').replace(/^\/download/, '');
  for (const [method, pattern, handler] of ROUTES) {
    const match = method === request.method ? pattern.exec(path) : null;
    if (match !== null) return handler(place, { ...request, names: match.slice(1).map(decodeURIComponent) });
  }
  throw new GoogleError(501, 'notImplemented', `The emulator does not know ${request.method} ${request.path}.`);
}

function createBucket({ store }: Place, { body }: Call): EmulatedResponse {
  const { name } = jsonOf(body);
  if (typeof name !== 'string') throw new GoogleError(400, 'required', 'Required: name');
  store.createBucket(name);
  return { body: bucketShape(name) };
}

function listObjects({ store }: Place, { names: [bucket = ''], query }: Call): EmulatedResponse {
  const maxResults = Number(query.get('maxResults') ?? 1000);
  const page = store.list(bucket, {
    prefix: query.get('prefix') ?? '',
    delimiter: query.get('delimiter') ?? '',
    pageToken: query.get('pageToken') ?? '',
    maxResults,
  });
  const { items, prefixes, nextPageToken } = page;
  return {
    body: { kind: 'storage#objects', items: items.map(objectShape), prefixes, ...(nextPageToken === undefined ? {} : { nextPageToken }) },
  };
}

function upload({ store, uploads, url }: Place, call: Call): EmulatedResponse {
  const { query, body, headers } = call;
  const [bucket = ''] = call.names;
  knownBucket(store, bucket);
  switch (query.get('uploadType')) {
    case 'media': {
      checkConditions(store.find(bucket, query.get('name') ?? ''), query);
      return { body: objectShape(store.put(bucket, query.get('name') ?? '', body, { contentType: headers['content-type'] })) };
    }
    case 'multipart': {
      const { described, bytes } = parseMultipart(headers['content-type'] ?? '', body);
      const name = query.get('name') ?? String(described['name'] ?? '');
      checkConditions(store.find(bucket, name), query);
      return { body: objectShape(store.put(bucket, name, bytes, described)) };
    }
    case 'resumable': {
      const described = jsonOf(body);
      const name = query.get('name') ?? String(described['name'] ?? '');
      checkConditions(store.find(bucket, name), query);
      const contentType = headers['x-upload-content-type'] ?? described['contentType'];
      const id = uploads.begin({ bucket, name, query, described: { ...described, contentType } });
      return { headers: { location: `${url()}/upload/storage/v1/b/${encodeURIComponent(bucket)}/o?uploadType=resumable&upload_id=${id}` } };
    }
    default:
      throw new GoogleError(400, 'invalid', 'uploadType must be media, multipart or resumable.');
  }
}

function continueUpload({ store, uploads }: Place, { query, headers, body }: Call): EmulatedResponse {
  const id = query.get('upload_id') ?? '';
  const state = uploads.take(id, headers['content-range'], body);
  if (state.kind === 'more') return { status: 308, headers: state.received === 0 ? {} : { range: `bytes=0-${state.received - 1}` } };
  const { bucket, name, described } = state.session;
  const known = uploads.stored(id);
  // The last chunk may come again when its answer was lost: the object is the one that was made.
  if (known !== undefined) return { body: objectShape(known) };
  checkConditions(store.find(bucket, name), state.session.query);
  const made = store.put(bucket, name, state.bytes, described);
  uploads.finish(id, made);
  return { body: objectShape(made) };
}

function readObject({ store }: Place, { names: [bucket = '', name = ''], query, headers }: Call): EmulatedResponse {
  const object = store.get(bucket, name);
  checkConditions(object, query);
  if (query.get('alt') !== 'media') return { body: objectShape(object) };
  const common = {
    'content-type': object.contentType,
    etag: etagOf(object),
    'x-goog-generation': String(object.generation),
    'x-goog-hash': `crc32c=${object.crc32c},md5=${object.md5Hash}`,
    'x-goog-stored-content-encoding': object.contentEncoding ?? 'identity',
    'x-goog-stored-content-length': String(object.bytes.byteLength),
    ...(object.contentEncoding === null ? {} : { 'content-encoding': object.contentEncoding }),
  };
  const range = /^bytes=(\d*)-(\d*)$/.exec(headers.range ?? '');
  if (range === null) return { headers: common, body: object.bytes };
  const size = object.bytes.byteLength;
  const start = range[1] === '' ? Math.max(0, size - Number(range[2])) : Number(range[1]);
  const end = range[1] === '' || range[2] === '' ? size - 1 : Math.min(Number(range[2]), size - 1);
  if (start >= size) throw new GoogleError(416, 'requestedRangeNotSatisfiable', 'Request range not satisfiable');
  return {
    status: 206,
    headers: { ...common, 'content-range': `bytes ${start}-${end}/${size}` },
    body: object.bytes.subarray(start, end + 1),
  };
}

function changeObject({ store }: Place, { names: [bucket = '', name = ''], query, body }: Call): EmulatedResponse {
  checkConditions(store.get(bucket, name), query);
  return { body: objectShape(store.change(bucket, name, jsonOf(body))) };
}

function deleteObject({ store }: Place, { names: [bucket = '', name = ''], query }: Call): EmulatedResponse {
  checkConditions(store.get(bucket, name), query);
  store.delete(bucket, name);
  return { status: 204 };
}

function copyObject(
  { store }: Place,
  { names: [fromBucket = '', fromName = '', bucket = '', name = ''], query, body }: Call,
): EmulatedResponse {
  const from = store.get(fromBucket, fromName);
  checkConditions(store.find(bucket, name), query);
  const { contentType, contentEncoding, metadata } = from;
  const made = store.put(bucket, name, from.bytes, { contentType, contentEncoding, metadata, ...jsonOf(body) });
  const size = String(from.bytes.byteLength);
  return {
    body: { kind: 'storage#rewriteResponse', done: true, objectSize: size, totalBytesRewritten: size, resource: objectShape(made) },
  };
}

/** `ifGenerationMatch=0` means: only if there is none. Throws 412. */
function checkConditions(object: StoredObject | undefined, query: URLSearchParams): void {
  const holds = (name: string, actual: number, isNegated: boolean) => {
    const wanted = query.get(name);
    return wanted === null || (Number(wanted) === actual) !== isNegated;
  };
  const generation = object?.generation ?? 0;
  const metageneration = object?.metageneration ?? 0;
  if (
    holds('ifGenerationMatch', generation, false) &&
    holds('ifGenerationNotMatch', generation, true) &&
    holds('ifMetagenerationMatch', metageneration, false)
  )
    return;
  throw new GoogleError(412, 'conditionNotMet', 'At least one of the pre-conditions you specified did not hold.');
}

function knownBucket(store: ObjectStore, name: string): string {
  if (!store.hasBucket(name)) throw new GoogleError(404, 'notFound', 'The specified bucket does not exist.');
  return name;
}

function bucketShape(name: string): Described {
  return { kind: 'storage#bucket', id: name, name, location: 'US', storageClass: 'STANDARD', metageneration: '1', etag: 'CAE=' };
}

function etagOf({ generation, metageneration }: StoredObject): string {
  return `${generation}/${metageneration}`;
}

function objectShape(object: StoredObject): Described {
  const { bucket, name, generation, metageneration, contentType, contentEncoding, metadata, md5Hash, crc32c, createdAt, updatedAt } =
    object;
  return {
    kind: 'storage#object',
    id: `${bucket}/${name}/${generation}`,
    bucket,
    name,
    generation: String(generation),
    metageneration: String(metageneration),
    size: String(object.bytes.byteLength),
    contentType,
    ...(contentEncoding === null ? {} : { contentEncoding }),
    metadata,
    md5Hash,
    crc32c,
    etag: etagOf(object),
    storageClass: 'STANDARD',
    timeCreated: createdAt,
    updated: updatedAt,
  };
}
