import { assertNever } from '../errors.ts';

/** Where the events of an asset come from when nothing in Windlass makes it. */
export type WatchSpec =
  /** A new or changed file, by its time of change and size. */
  | { readonly kind: 'file'; readonly path: string; readonly everyMs: number }
  /** A page whose ETag, Last-Modified or content changed. */
  | { readonly kind: 'http'; readonly url: string; readonly everyMs: number }
  /** The first row of a query, such as `select max(updated_at) from orders`. */
  | { readonly kind: 'sql'; readonly connection: string; readonly sql: string; readonly everyMs: number }
  /** Objects of a bucket whose names begin so: an event for each that is new or has changed. */
  | {
      readonly kind: 'objects';
      /** gs://bucket/prefix or s3://bucket/prefix. */
      readonly uri: string;
      readonly connection: string;
      /** A glob for what follows the prefix. */
      readonly match?: string;
      readonly everyMs: number;
    }
  /** What is notified on a channel of Postgres. */
  | {
      readonly kind: 'notify';
      readonly connection: string;
      readonly channel: string;
      /** A query whose first row is another one when something was notified while nobody listened. */
      readonly catchUp?: string;
      readonly everyMs: number;
    }
  /** Entries of a Redis stream, read as a consumer group. */
  | { readonly kind: 'stream'; readonly connection: string; readonly stream: string; readonly group?: string; readonly everyMs: number };

/** Those that a triggerer listens to for as long as it lives; it looks at the others from time to time. */
export const HEARD_KINDS = ['notify', 'stream'] as const satisfies readonly WatchSpec['kind'][];
export type HeardKind = (typeof HEARD_KINDS)[number];
export type HeardSpec = Extract<WatchSpec, { readonly kind: HeardKind }>;
export type LookedSpec = Exclude<WatchSpec, HeardSpec>;

/** Where it watches, in words: what was seen at another place tells nothing about this one. */
export function placeOf(watch: WatchSpec): string {
  switch (watch.kind) {
    case 'file':
      return watch.path;
    case 'http':
      return watch.url;
    case 'sql':
      return `${watch.connection}: ${watch.sql}`;
    case 'objects':
      return `${watch.connection}: ${watch.uri} ${watch.match ?? ''}`;
    case 'notify':
      return `${watch.connection}: ${watch.channel} ${watch.catchUp ?? ''}`;
    case 'stream':
      return `${watch.connection}: ${watch.stream} ${watch.group ?? ''}`;
    default:
      return assertNever(watch);
  }
}

/** What was seen, with the place it was seen at. */
export function markAt(watch: WatchSpec, seen: string): string {
  return JSON.stringify([placeOf(watch), seen]);
}

/** What was seen at this very place; null = nothing yet. */
export function seenAt(watch: WatchSpec, mark: string | null): string | null {
  if (mark === null) return null;
  const [place, seen] = JSON.parse(mark) as readonly [string, string];
  return place === placeOf(watch) ? seen : null;
}
