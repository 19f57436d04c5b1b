import type { DagSpec } from '#core/dag-spec.ts';
import { shardOf } from '#core/sharding.ts';
import type { Queryable } from '../client.ts';
import { saveAssetUses } from './assets/save-asset-uses.ts';
import { repinRuns } from './repin-runs.ts';

/** A DAG file: its path is relative to the folder of its bundle. */
export interface FileOfBundle {
  readonly bundleName: string;
  readonly filePath: string;
}

export interface ParsedDag {
  readonly spec: DagSpec;
  /** UUIDv7 for a version, should this be a new one. */
  readonly versionId: string;
  /** sha256 over spec and code hash, hex. */
  readonly contentHash: string;
  readonly pausedAtCreation: boolean;
}

export interface StoredBundle {
  /** Of the code and the sdk it imports. */
  readonly hash: string;
  /** Of the code alone. */
  readonly codeHash: string;
  readonly sdkHash: string | null;
  readonly code: string;
}

export interface ParsedFile extends FileOfBundle {
  /** Commit of a git bundle. */
  readonly bundleVersion: string | null;
  readonly bundle: StoredBundle;
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
  text: `select dag_id as "dagId", bundle_name as "bundleName", file_path as "filePath" from dag
          where dag_id = any($1::text[]) and (bundle_name, file_path) <> ($2, $3) and not is_stale`,
};

/**
 * findOtherOwners    who: DAG processor, before it saves a file. Reads only.
 * Returns the DAG ids that another file defines already.
 */
export async function findOtherOwners(
  db: Queryable,
  { bundleName, filePath }: FileOfBundle,
  dagIds: readonly string[],
): Promise<readonly (FileOfBundle & { readonly dagId: string })[]> {
  return (await db.query<FileOfBundle & { dagId: string }>(OWNERS, [dagIds, bundleName, filePath])).rows;
}

const BUNDLE = {
  name: 'save_bundle',
  // The same code with another source map: comments moved its lines.
  text: `insert into dag_bundle (hash, code, code_hash, sdk_hash) values ($1, $2, $3, $4)
         on conflict (hash) do update set code = excluded.code where dag_bundle.code <> excluded.code`,
};

/**
 * Statements of their own: the first waits for the row, the second sees what was committed meanwhile. A run that is
 * being created holds the version by its foreign key, so a version that gets its first run now is not replaced.
 */
const LOCK_DAG = { name: 'lock_dag_to_save', text: 'select 1 from dag where dag_id = $1 for update' };
const LOCK_VERSION = {
  name: 'lock_version_to_replace',
  text: `select 1 from dag_version v join dag d on d.version_id = v.version_id where d.dag_id = $1 and v.content_hash <> $2 for update of v`,
};
const REPLACED = {
  name: 'delete_unused_version',
  text: `delete from dag_version v using dag d
          where d.dag_id = $1 and v.version_id = d.version_id and v.content_hash <> $2
            and not exists (select 1 from dag_run r where r.version_id = v.version_id)`,
};

const DAG = {
  name: 'save_dag',
  text: `
with before as (
  select d.dag_id, d.is_stale, d.has_import_errors, d.file_path, v.content_hash, v.version_number
    from dag d left join dag_version v on v.version_id = d.version_id where d.dag_id = $1 for update of d
), version as (
  insert into dag_version (version_id, dag_id, version_number, content_hash, bundle_hash, spec, source, file_path, bundle_name, bundle_version, spec_version)
  select $4, $1, coalesce((select max(version_number) from dag_version where dag_id = $1), 0) + 1, $5, $6, $7::jsonb, $8, $2, $11, $12, $13
   where not exists (select 1 from before where content_hash = $5)
  returning version_id
), told as (
  -- The same DAG, written otherwise: comments and formatting are shown as they are now. Or read with another version of the sdk:
  -- its next attempts run with that one.
  update dag_version v set source = $8, file_path = $2, bundle_name = $11, bundle_hash = $6
    from dag d where d.dag_id = $1 and v.version_id = d.version_id and v.content_hash = $5
     and (v.source <> $8 or v.file_path <> $2 or v.bundle_name <> $11 or v.bundle_hash <> $6)
), saved as (
  insert into dag as d (dag_id, file_path, is_paused, shard, version_id, last_parse_ms, bundle_name)
  values ($1, $2, $3, $9, $4, $10, $11)
  on conflict (dag_id) do update
     set file_path = excluded.file_path, bundle_name = excluded.bundle_name, is_stale = false, has_import_errors = false,
         last_parsed_at = clock_timestamp(), last_parse_ms = excluded.last_parse_ms,
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
          where bundle_name = $1 and file_path = $2 and not is_stale and dag_id <> all($3::text[]) returning dag_id as "dagId"`,
};

const HEALED = { name: 'forget_import_error', text: 'delete from import_error where bundle_name = $1 and file_path = $2' };

/**
 * saveParsedFile    who: DAG processor, in one transaction per file. Locks the DAG rows of the file.
 * A version is made only when the content hash differs from the current one, and takes the place of one that no run
 * has used; DAGs the file no longer defines become stale; its import error goes. With `disableBundleVersioning` the
 * unfinished runs move on to the new version. Saving the same file again changes nothing.
 */
export async function saveParsedFile(tx: Queryable, file: ParsedFile): Promise<readonly SavedDag[]> {
  const saved: SavedDag[] = [];
  const { hash, code, codeHash, sdkHash } = file.bundle;
  if (file.dags.length > 0) await tx.query(BUNDLE, [hash, code, codeHash, sdkHash]);
  for (const dag of file.dags) {
    const change = await saveDag(tx, file, dag);
    saved.push({ dagId: dag.spec.dagId, change });
  }
  const ids = file.dags.map((dag) => dag.spec.dagId);
  const gone = await tx.query<{ dagId: string }>(GONE, [file.bundleName, file.filePath, ids]);
  const changed = new Set(saved.filter(({ change }) => change !== 'unchanged').map(({ dagId }) => dagId));
  await saveAssetUses(
    tx,
    file.dags.map((dag) => dag.spec).filter((spec) => changed.has(spec.dagId)),
    gone.rows.map(({ dagId }) => dagId),
  );
  await tx.query(HEALED, [file.bundleName, file.filePath]);
  return [...saved, ...gone.rows.map(({ dagId }) => ({ dagId, change: 'gone' as const }))];
}

async function saveDag(tx: Queryable, file: ParsedFile, dag: ParsedDag): Promise<SavedDag['change']> {
  const { spec, versionId, contentHash, pausedAtCreation } = dag;
  const { dagId } = spec;
  await tx.query(LOCK_DAG, [dagId]);
  await tx.query(LOCK_VERSION, [dagId, contentHash]);
  await tx.query(REPLACED, [dagId, contentHash]);
  const values = [
    dagId,
    file.filePath,
    pausedAtCreation,
    versionId,
    contentHash,
    file.bundle.hash,
    JSON.stringify(spec),
    file.source,
    shardOf(dagId),
    file.parseMs,
    file.bundleName,
    file.bundleVersion,
    spec.specVersion,
  ];
  const change = (await tx.query<{ change: SavedDag['change'] }>(DAG, values)).rows[0]?.change ?? 'unchanged';
  if (change === 'new_version' && spec.disableBundleVersioning === true)
    await repinRuns(tx, { dagId, dagRunIds: null, actor: 'dag_processor' });
  return change;
}

/** retireFile    who: DAG processor, in a transaction, when a file is gone: its DAGs become stale. Zero rows = it had none. */
export async function retireFile(tx: Queryable, file: FileOfBundle): Promise<readonly SavedDag[]> {
  const { rows } = await tx.query<{ dagId: string }>(GONE, [file.bundleName, file.filePath, []]);
  const gone = rows.map(({ dagId }) => dagId);
  await saveAssetUses(tx, [], gone);
  await tx.query(HEALED, [file.bundleName, file.filePath]);
  return gone.map((dagId) => ({ dagId, change: 'gone' as const }));
}
