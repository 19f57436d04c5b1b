import type { Queryable } from '../../client.ts';
import type { ParsedFile } from '../save-parsed-file.ts';

const BUNDLES = {
  name: 'save_bundles_of_same_files',
  text: `insert into dag_bundle (hash, code, code_hash, sdk_hash) select * from unnest($1::text[], $2::text[], $3::text[], $4::text[])
         on conflict (hash) do update set code = excluded.code where dag_bundle.code <> excluded.code`,
};

const STATEMENT = {
  name: 'save_same_dags',
  text: `
with given as (
  select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::real[])
    as g(dag_id, bundle_name, file_path, content_hash, bundle_hash, source, parse_ms)
), same as (
  select g.dag_id, d.version_id, g.bundle_hash, g.parse_ms, v.bundle_hash as bundle_hash_before
    from given g join dag d using (dag_id) join dag_version v on v.version_id = d.version_id
   where d.bundle_name = g.bundle_name and d.file_path = g.file_path and not d.is_stale and not d.has_import_errors
     and v.content_hash = g.content_hash and v.source = g.source and v.file_path = g.file_path and v.bundle_name = g.bundle_name
), moved as (
  -- The same DAG of the same code, read with the sdk of another version of Windlass: its next attempts run with that one.
  update dag_version v set bundle_hash = s.bundle_hash from same s where v.version_id = s.version_id and s.bundle_hash <> s.bundle_hash_before
)
update dag d set last_parsed_at = clock_timestamp(), last_parse_ms = s.parse_ms from same s where d.dag_id = s.dag_id
returning d.dag_id as "dagId"`,
};

/**
 * saveSameFiles    who: DAG processor, in a transaction, for files whose DAGs came out as they were. Locks these DAGs.
 * Returns the DAGs that are in fact as they were; for one that is missing, nothing was written.
 */
export async function saveSameFiles(tx: Queryable, files: readonly ParsedFile[]): Promise<ReadonlySet<string>> {
  if (files.length === 0) return new Set();
  const bundles = [...new Map(files.map((file) => [file.bundle.hash, file.bundle])).values()];
  await tx.query(BUNDLES, [
    bundles.map(({ hash }) => hash),
    bundles.map(({ code }) => code),
    bundles.map(({ codeHash }) => codeHash),
    bundles.map(({ sdkHash }) => sdkHash),
  ]);
  const rows = files.flatMap((file) => file.dags.map((dag) => ({ file, dag })));
  const { rows: same } = await tx.query<{ dagId: string }>(STATEMENT, [
    rows.map(({ dag }) => dag.spec.dagId),
    rows.map(({ file }) => file.bundleName),
    rows.map(({ file }) => file.filePath),
    rows.map(({ dag }) => dag.contentHash),
    rows.map(({ file }) => file.bundle.hash),
    rows.map(({ file }) => file.source),
    rows.map(({ file }) => file.parseMs),
  ]);
  return new Set(same.map(({ dagId }) => dagId));
}
