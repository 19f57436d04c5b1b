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
  | { readonly sql: string; readonly connection: string; readonly every?: Duration };

const EVERY_MS = 60_000;
const LEAST_MS = 1_000;

/** Throws DAG_INVALID. */
export function readWatch(where: string, watch: Watch): WatchSpec {
  const place = `watch of ${where}`;
  checkOptions(place, watch, { file: 'known', http: 'known', sql: 'known', connection: 'known', every: 'known' });
  const everyMs = watch.every === undefined ? EVERY_MS : durationMs({ where: place, name: 'every' }, watch.every);
  if (everyMs < LEAST_MS) throw new AppError('DAG_INVALID', `Option "every" of ${place} must be at least one second.`);
  const { file, http, sql, connection } = watch as Readonly<Record<string, unknown>>;
  if (typeof file === 'string' && file.startsWith('/')) return { kind: 'file', path: file, everyMs };
  if (typeof http === 'string' && /^https?:\/\//.test(http)) return { kind: 'http', url: http, everyMs };
  if (typeof sql === 'string' && sql !== '' && typeof connection === 'string' && connection !== '')
    return { kind: 'sql', connection, sql, everyMs };
  throw new AppError(
    'DAG_INVALID',
    `The ${place} must be { file: "/absolute/path" } { http: "https://…" } or { sql: "select …", connection: "…" }.`,
  );
}
