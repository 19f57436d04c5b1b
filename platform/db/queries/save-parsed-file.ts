import type { DagSpec } from '#core/dag-spec.ts';
import { shardOf } from '#core/sharding.ts';
import type { Queryable } from '../client.ts';
import { saveAssetUses } from './assets/save-asset-uses.ts';

export interface ParsedDag {
  readonly spec: DagSpec;
  /** UUIDv7 for a version, should this be a new one. */
  readonly versionId: string;
  /** sha256 over spec and bundle hash, hex. */
  readonly contentHash: string;
  readonly pausedAtCreation: boolean;
}

export interface ParsedFile {
  /** Relative to the dags folder. */
  readonly filePath: string;
  readonly bundleHash: string;
  readonly code: string;
  readonly source: string;
  readonly parseMs: number;
  readonly dags: readonly ParsedDag[];
}

export interface SavedDag {
  readonly dagId: string;
  readonly change: 'created' | 'new_version' | 'unchanged' | 'revived' | 'gone';
}

const OWNERS = {
  name: 'find_other_owners',
  text: 'select dag_id as "dagId", file_path as "filePath" from dag where dag_id = any($1::text[]) and file_path <> $2 and not is_stale',
};

/**
 * findOtherOwners    who: DAG processor, before it saves a file. Reads only.
 * Returns the DAG ids that another file defines already.
 */
export async function findOtherOwners(
  db: Queryable,
  filePath: string,
  dagIds: readonly string[],
): Promise<readonly { readonly dagId: string; readonly filePath: string }[]> {
  return (await db.query<{ dagId: string; filePath: string }>(OWNERS, [dagIds, filePath])).rows;
}

const BUNDLE = { name: 'save_bundle', text: 'insert into dag_bundle (hash, code) values ($1, $2) on conflict (hash) do nothing' };

const DAG = {
  name: 'save_dag',
  text: `
with before as (
  select d.dag_id, d.is_stale, d.has_import_errors, d.file_path, v.content_hash, v.version_number
    from dag d left join dag_version v on v.version_id = d.version_id where d.dag_id = $1 for update of d
), version as (
  insert into dag_version (version_id, dag_id, version_number, content_hash, bundle_hash, spec, source, file_path)
  select $4, $1, coalesce((select max(version_number) from dag_version where dag_id = $1), 0) + 1, $5, $6, $7::jsonb, $8, $2
   where not exists (select 1 from before where content_hash = $5)
  returning version_id
), saved as (
  insert into dag as d (dag_id, file_path, is_paused, shard, version_id, last_parse_ms)
  values ($1, $2, $3, $9, $4, $10)
  on conflict (dag_id) do update
     set file_path = excluded.file_path, is_stale = false, has_import_errors = false, last_parsed_at = clock_timestamp(), last_parse_ms = excluded.last_parse_ms,
         version_id = coalesce((select version_id from version), d.version_id),
         revision = d.revision + case when d.is_stale or d.has_import_errors or exists (select 1 from version) then 1 else 0 end
)
select case when not exists (select 1 from before) then 'created'
            when exists (select 1 from version) then 'new_version'
            when (select is_stale or has_import_errors from before) then 'revived' else 'unchanged' end as change`,
};

const GONE = {
  name: 'retire_dags_of_file',
  text: `update dag set is_stale = true, next_run_after = null, revision = revision + 1
          where file_path = $1 and not is_stale and dag_id <> all($2::text[]) returning dag_id as "dagId"`,
};

const HEALED = { name: 'forget_import_error', text: 'delete from import_error where file_path = $1' };

/**
 * saveParsedFile    who: DAG processor, in one transaction per file. Locks the DAG rows of the file.
 * A version is made only when the content hash differs from the current one; DAGs the file no longer defines become
 * stale; its import error goes. Saving the same file again changes nothing.
 */
export async function saveParsedFile(tx: Queryable, file: ParsedFile): Promise<readonly SavedDag[]> {
  const saved: SavedDag[] = [];
  if (file.dags.length > 0) await tx.query(BUNDLE, [file.bundleHash, file.code]);
  for (const { spec, versionId, contentHash, pausedAtCreation } of file.dags) {
    const values = [
      spec.dagId,
      file.filePath,
      pausedAtCreation,
      versionId,
      contentHash,
      file.bundleHash,
      JSON.stringify(spec),
      file.source,
      shardOf(spec.dagId),
      file.parseMs,
    ];
    const result = await tx.query<{ change: SavedDag['change'] }>(DAG, values);
    saved.push({ dagId: spec.dagId, change: result.rows[0]?.change ?? 'unchanged' });
  }
  const gone = await tx.query<{ dagId: string }>(GONE, [file.filePath, file.dags.map((dag) => dag.spec.dagId)]);
  const changed = new Set(saved.filter(({ change }) => change !== 'unchanged').map(({ dagId }) => dagId));
  await saveAssetUses(
    tx,
    file.dags.map((dag) => dag.spec).filter((spec) => changed.has(spec.dagId)),
    gone.rows.map(({ dagId }) => dagId),
  );
  await tx.query(HEALED, [file.filePath]);
  return [...saved, ...gone.rows.map(({ dagId }) => ({ dagId, change: 'gone' as const }))];
}
