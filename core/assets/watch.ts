/** Where the events of an asset come from when nothing in Windlass makes it. */
export type WatchSpec =
  /** A new or changed file, by its time of change and size. */
  | { readonly kind: 'file'; readonly path: string; readonly everyMs: number }
  /** A page whose ETag, Last-Modified or content changed. */
  | { readonly kind: 'http'; readonly url: string; readonly everyMs: number }
  /** The first row of a query, such as `select max(updated_at) from orders`. */
  | { readonly kind: 'sql'; readonly connection: string; readonly sql: string; readonly everyMs: number };
