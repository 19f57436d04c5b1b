import type { Queryable } from '../client.ts';

const STATEMENT = { name: 'load_bundle', text: 'select code from dag_bundle where hash = $1' };

/** loadBundle    who: worker, when its cache lacks the hash. Reads only. null = no such bundle (its DAG was deleted). */
export async function loadBundle(db: Queryable, hash: string): Promise<string | null> {
  return (await db.query<{ code: string }>(STATEMENT, [hash])).rows[0]?.code ?? null;
}
