/** Assets: things that tasks make and other DAGs wait for. Recorded in definitions; schedules on them come later. */
import type { Duration } from '#core/duration.ts';
import { AppError } from '#core/errors.ts';

export interface Asset {
  readonly kind: 'asset';
  readonly uri: string;
  readonly group: string | null;
  readonly freshness: Duration | null;
}

export type AssetExpression = Asset | { readonly all: readonly AssetExpression[] } | { readonly any: readonly AssetExpression[] };

/** A schedule on assets. */
export interface AssetSchedule {
  readonly assets: AssetExpression;
}

/** Names a thing by its URI. Throws DAG_INVALID when the URI is empty. */
export function asset(uri: string, options: { group?: string; freshness?: Duration } = {}): Asset {
  if (typeof uri !== 'string' || uri.trim() === '') throw new AppError('DAG_INVALID', 'asset(uri) needs a URI, like "s3://bucket/orders".');
  return { kind: 'asset', uri, group: options.group ?? null, freshness: options.freshness ?? null };
}

/** Run when all, or any, of these have been updated since the last run. */
export const onAssets = {
  all: (...assets: AssetExpression[]): AssetSchedule => ({ assets: { all: assets } }),
  any: (...assets: AssetExpression[]): AssetSchedule => ({ assets: { any: assets } }),
} as const;
