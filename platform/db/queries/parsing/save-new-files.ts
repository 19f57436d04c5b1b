import { shardOf } from '#core/sharding.ts';
import type { Queryable } from '../../client.ts';
import { saveAssetUses } from '../assets/save-asset-uses.ts';
import type { ParsedFile } from '../save-parsed-file.ts';

const BUNDLES = {
  name: 'save_new_bundles',
  text: `insert into dag_bundle (hash, code, code_hash, sdk_hash) select * from unnest($1::text[], $2::text[], $3::text[], $4::text[])
         on conflict (hash) do nothing`,
};

const DAGS = {
  name: 'save_new_dags',
  text: `
with given as (
  select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::boolean[], $6::uuid[], $7::text[], $8::text[], $9::text[], $10::text[], $11::smallint[], $12::real[])
    as g(dag_id, bundle_name, file_path, bundle_version, is_paused, version_id, content_hash, bundle_hash, spec, source, shard, parse_ms)
), saved as (
  insert into dag (dag_id, file_path, is_paused, shard, version_id, last_parse_ms, bundle_name)
  select dag_id, file_path, is_paused, shard, version_id, parse_ms, bundle_name from given order by dag_id
  on conflict (dag_id) do nothing returning dag_id
), versions as (
  insert into dag_version (version_id, dag_id, version_number, content_hash, bundle_hash, spec, source, file_path, bundle_name, bundle_version)
  select g.version_id, g.dag_id, 1, g.content_hash, g.bundle_hash, g.spec::jsonb, g.source, g.file_path, g.bundle_name, g.bundle_version
    from given g join saved using (dag_id)
)
select dag_id as "dagId" from saved`,
};

const HEALED = {
  name: 'forget_import_errors',
  text: `delete from import_error e using unnest($1::text[], $2::text[]) as f(bundle_name, file_path)
          where e.bundle_name = f.bundle_name and e.file_path = f.file_path`,
};

/**
 * saveNewFiles    who: DAG processor, in a transaction, for files none of whose DAGs were known when it looked. Locks nothing of others.
 * Returns the ids of the DAGs that were made; one that is missing was made by somebody else meanwhile, and nothing of it was written.
 */
export async function saveNewFiles(tx: Queryable, files: readonly ParsedFile[]): Promise<ReadonlySet<string>> {
  if (files.length === 0) return new Set();
  const bundles = [...new Map(files.map((file) => [file.bundle.hash, file.bundle])).values()];
  await tx.query(BUNDLES, [
    bundles.map(({ hash }) => hash),
    bundles.map(({ code }) => code),
    bundles.map(({ codeHash }) => codeHash),
    bundles.map(({ sdkHash }) => sdkHash),
  ]);
  const rows = files.flatMap((file) => file.dags.map((dag) => ({ file, dag })));
  const { rows: made } = await tx.query<{ dagId: string }>(DAGS, [
    rows.map(({ dag }) => dag.spec.dagId),
    rows.map(({ file }) => file.bundleName),
    rows.map(({ file }) => file.filePath),
    rows.map(({ file }) => file.bundleVersion),
    rows.map(({ dag }) => dag.pausedAtCreation),
    rows.map(({ dag }) => dag.versionId),
    rows.map(({ dag }) => dag.contentHash),
    rows.map(({ file }) => file.bundle.hash),
    rows.map(({ dag }) => JSON.stringify(dag.spec)),
    rows.map(({ file }) => file.source),
    rows.map(({ dag }) => shardOf(dag.spec.dagId)),
    rows.map(({ file }) => file.parseMs),
  ]);
  const ids = new Set(made.map(({ dagId }) => dagId));
  const specs = rows.map(({ dag }) => dag.spec).filter((spec) => ids.has(spec.dagId));
  await saveAssetUses(tx, specs, []);
  await tx.query(HEALED, [files.map((file) => file.bundleName), files.map((file) => file.filePath)]);
  return ids;
}
