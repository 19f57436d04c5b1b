import type { Queryable } from '../client.ts';

export interface CurrentHash {
  readonly dagId: string;
  readonly contentHash: string;
  /** Of the code, whatever sdk it runs with. */
  readonly codeHash: string;
}

const HASHES = {
  name: 'find_current_hashes',
  text: `select d.dag_id as "dagId", v.content_hash as "contentHash", coalesce(b.code_hash, b.hash) as "codeHash"
           from dag d join dag_version v on v.version_id = d.version_id join dag_bundle b on b.hash = v.bundle_hash where d.dag_id = any($1::text[])`,
};

/** findCurrentHashes    who: DAG processor, before it saves a file. Reads only. A DAG missing from the answer is new. */
export async function findCurrentHashes(db: Queryable, dagIds: readonly string[]): Promise<ReadonlyMap<string, CurrentHash>> {
  const { rows } = await db.query<CurrentHash>(HASHES, [dagIds]);
  return new Map(rows.map((row) => [row.dagId, row]));
}

const SAVE = {
  name: 'save_unstable_warning',
  text: `insert into dag_warning (dag_id, warning_type, message) values ($1, 'unstable dag', $2)
         on conflict (dag_id, warning_type) do update set message = excluded.message`,
};
const FORGET = { name: 'forget_unstable_warning', text: `delete from dag_warning where dag_id = $1 and warning_type = 'unstable dag'` };

/** saveUnstableWarning    who: DAG processor, with the file. Locks the warning. Null = the DAG is stable, or not in doubt. */
export async function saveUnstableWarning(tx: Queryable, dagId: string, message: string | null): Promise<void> {
  await (message === null ? tx.query(FORGET, [dagId]) : tx.query(SAVE, [dagId, message]));
}
