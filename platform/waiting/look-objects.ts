/** Lists the objects of a bucket that an asset watches. */
import { createHash } from 'node:crypto';
import { matchesGlob } from 'node:path';
import type { LookedSpec } from '#core/assets/watch.ts';
import { openBucket, readObjectUri } from '#platform/objects/open-bucket.ts';
import { requireConnection } from '#platform/secrets/secret-store.ts';
import type { LookDeps } from './look.ts';

export interface ObjectsSight {
  /** Another text when an object is new, gone or changed. */
  readonly mark: string;
  /** Oldest first. */
  readonly objects: readonly { readonly uri: string; readonly version: string; readonly extra: Readonly<Record<string, unknown>> }[];
}

/** A listing is held in memory and compared with what was there before. */
export const WATCHED_OBJECTS_MAX = 100_000;

/** Rejects on trouble that may pass, and when there are more objects than are watched. */
export async function lookAtObjects(watch: Extract<LookedSpec, { kind: 'objects' }>, deps: LookDeps): Promise<ObjectsSight> {
  const place = readObjectUri(watch.uri);
  if (place === null) throw new Error(`${watch.uri} names no bucket`);
  const connection = await requireConnection(deps.secrets as Parameters<typeof requireConnection>[0], watch.connection);
  const bucket = await openBucket(place, connection);
  const listed = await bucket.list(place.key, WATCHED_OBJECTS_MAX + 1);
  if (listed.length > WATCHED_OBJECTS_MAX)
    throw new Error(`there are more than ${WATCHED_OBJECTS_MAX} objects: watch a longer prefix, or move away what was read`);
  const wanted = listed.filter(({ key }) => {
    const rest = key.slice(place.key.length);
    // What consoles make to show a folder is no object of anybody's.
    return !key.endsWith('/') && (watch.match === undefined || matchesGlob(rest.replace(/^\/+/, ''), watch.match));
  });
  const objects = wanted
    .toSorted((a, b) => a.updatedAtMs - b.updatedAtMs || (a.key < b.key ? -1 : 1))
    .map(({ key, bytes, version, updatedAtMs }) => {
      const uri = `${place.scheme}://${place.bucket}/${key}`;
      return { uri, version, extra: { uri, bytes, version, updated: new Date(updatedAtMs).toISOString() } };
    });
  const hash = createHash('sha256');
  for (const { uri, version } of objects) hash.update(`${uri}\n${version}\n`);
  return { mark: hash.digest('hex'), objects };
}
