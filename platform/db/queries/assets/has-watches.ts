/**
 * hasWatches
 *   who:   triggerer, once a second, before it looks for watched assets to take
 *   locks: nothing
 *   zero rows: never
 */
import type { Queryable } from '../../client.ts';

const STATEMENT = {
  name: 'has_watches',
  text: 'select exists (select from asset where watch is not null) or exists (select from asset_watch) as some',
};

/** Whether any asset is watched, or was: whose turn it is says the statement that takes it. */
export async function hasWatches(db: Queryable): Promise<boolean> {
  return (await db.query<{ some: boolean }>(STATEMENT)).rows[0]?.some ?? false;
}
