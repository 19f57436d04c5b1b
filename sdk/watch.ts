/** Watching places that nothing in Windlass writes: `asset("file:///data/in.csv", { watch: { file: "/data/in.csv" } })`. */
import type { WatchSpec } from '#core/assets/watch.ts';
import type { Duration } from '#core/duration.ts';
import { AppError } from '#core/errors.ts';
import { durationMs } from './option-values.ts';
import { checkOptions } from './unknown-option.ts';

export type Watch =
  /** A file on the machine of the triggerer: an event when it appears or changes. */
  | { readonly file: string; readonly every?: Duration }
  /** A page: an event when its ETag, Last-Modified or content changes. */
  | { readonly http: string; readonly every?: Duration }
  /** A query on a connection: an event when its first row changes, as of `select max(updated_at) from orders`. */
  | { readonly sql: string; readonly connection: string; readonly every?: Duration }
  /**
   * Objects of a bucket, `gs://bucket/prefix` or `s3://bucket/prefix`: an event for each that appears or changes. `match` is a glob for what
   * follows the prefix.
   */
  | { readonly objects: string; readonly connection?: string; readonly match?: string; readonly every?: Duration }
  /**
   * A channel of Postgres: an event for each notification. What is notified while no triggerer listens is gone; `catchUp`, a query such as
   * `select max(id) from orders`, then shows that there was something.
   */
  | { readonly notify: string; readonly connection: string; readonly catchUp?: string; readonly every?: Duration }
  /** A Redis stream: an event for each entry, read as a consumer group (by default one of the asset's own). */
  | { readonly stream: string; readonly connection: string; readonly group?: string; readonly every?: Duration };

const EVERY_MS = 60_000;
const LEAST_MS = 1_000;
/** What else may stand beside what is watched. */
const OPTIONS: Readonly<Record<string, { readonly needed: readonly string[]; readonly optional: readonly string[] }>> = {
  file: { needed: [], optional: [] },
  http: { needed: [], optional: [] },
  sql: { needed: ['connection'], optional: [] },
  objects: { needed: [], optional: ['connection', 'match'] },
  notify: { needed: ['connection'], optional: ['catchUp'] },
  stream: { needed: ['connection'], optional: ['group'] },
};
const DEFAULT_CONNECTIONS: Readonly<Record<string, string>> = { gs: 'google_cloud_default', s3: 'aws_default' };

/** Throws DAG_INVALID. */
export function readWatch(where: string, watch: Watch): WatchSpec {
  const place = `watch of ${where}`;
  const given = watch as unknown as Readonly<Record<string, string | undefined>>;
  const kind = Object.keys(OPTIONS).find((name) => given[name] !== undefined);
  const { needed = [], optional = [] } = OPTIONS[kind ?? ''] ?? {};
  const known = kind === undefined ? Object.keys(OPTIONS) : [kind, ...needed, ...optional];
  checkOptions(place, watch, Object.fromEntries([...known, 'every'].map((name) => [name, 'known'])));
  const everyMs = watch.every === undefined ? EVERY_MS : durationMs({ where: place, name: 'every' }, watch.every);
  if (everyMs < LEAST_MS) throw new AppError('DAG_INVALID', `Option "every" of ${place} must be at least one second.`);
  const texts = known.filter((name) => given[name] !== undefined || needed.includes(name));
  const spec = texts.every((name) => typeof given[name] === 'string' && given[name] !== '') ? specOf(given, everyMs) : null;
  if (spec !== null) return spec;
  throw new AppError(
    'DAG_INVALID',
    `The ${place} must be { file: "/absolute/path" }, { http: "https://…" }, { sql: "select …", connection: "…" }, { objects: "gs://bucket/prefix" } or "s3://…", ` +
      '{ notify: "channel", connection: "…" } or { stream: "name", connection: "…" }.',
  );
}

function specOf(given: Readonly<Record<string, string | undefined>>, everyMs: number): WatchSpec | null {
  const { file, http, sql, objects, notify, stream, connection = '', match, catchUp, group } = given;
  if (file !== undefined) return file.startsWith('/') ? { kind: 'file', path: file, everyMs } : null;
  if (http !== undefined) return /^https?:\/\//.test(http) ? { kind: 'http', url: http, everyMs } : null;
  if (sql !== undefined) return { kind: 'sql', connection, sql, everyMs };
  if (objects !== undefined) {
    const scheme = /^(gs|s3):\/\/[^/]/.exec(objects)?.[1];
    const by = given['connection'] ?? DEFAULT_CONNECTIONS[scheme ?? ''];
    return by === undefined ? null : { kind: 'objects', uri: objects, connection: by, ...(match === undefined ? {} : { match }), everyMs };
  }
  if (notify !== undefined) return { kind: 'notify', connection, channel: notify, ...(catchUp === undefined ? {} : { catchUp }), everyMs };
  if (stream !== undefined) return { kind: 'stream', connection, stream, ...(group === undefined ? {} : { group }), everyMs };
  return null;
}
