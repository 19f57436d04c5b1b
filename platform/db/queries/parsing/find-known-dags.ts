import type { Queryable } from '../../client.ts';
import type { FileOfBundle } from '../save-parsed-file.ts';

export interface KnownDag extends FileOfBundle {
  readonly dagId: string;
  readonly isStale: boolean;
  /** Null = it never had a version. */
  readonly contentHash: string | null;
}

const STATEMENT = {
  name: 'find_known_dags',
  text: `
select d.dag_id as "dagId", d.bundle_name as "bundleName", d.file_path as "filePath", d.is_stale as "isStale", v.content_hash as "contentHash"
  from dag d left join dag_version v on v.version_id = d.version_id where d.dag_id = any($1::text[])
union
select d.dag_id, d.bundle_name, d.file_path, d.is_stale, v.content_hash
  from unnest($2::text[], $3::text[]) as f(bundle_name, file_path)
  join dag d on d.bundle_name = f.bundle_name and d.file_path = f.file_path and not d.is_stale
  left join dag_version v on v.version_id = d.version_id`,
};

/** findKnownDags    who: DAG processor, before it saves files. Reads only. DAGs of these ids, and those these files define now. */
export async function findKnownDags(
  db: Queryable,
  dagIds: readonly string[],
  files: readonly FileOfBundle[],
): Promise<readonly KnownDag[]> {
  const values = [dagIds, files.map(({ bundleName }) => bundleName), files.map(({ filePath }) => filePath)];
  return (await db.query<KnownDag>(STATEMENT, values)).rows;
}
