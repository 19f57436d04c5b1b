import type { Queryable } from '../client.ts';

export interface LoadedBundle {
  readonly code: string;
  /** Null: nothing lies beside it. */
  readonly sdkHash: string | null;
}

const STATEMENT = { name: 'load_bundle', text: 'select code, sdk_hash as "sdkHash" from dag_bundle where hash = $1' };

/** loadBundle    who: worker, when its cache lacks the hash. Reads only. null = no such bundle (its DAG was deleted). */
export async function loadBundle(db: Queryable, hash: string): Promise<LoadedBundle | null> {
  return (await db.query<LoadedBundle>(STATEMENT, [hash])).rows[0] ?? null;
}
