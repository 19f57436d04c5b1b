import type { Queryable } from '../../client.ts';
import type { FileOfBundle } from '../save-parsed-file.ts';

export interface RememberedFile extends FileOfBundle {
  readonly inputsHash: string;
  /** Absolute paths. */
  readonly inputs: readonly string[];
}

const LIST = {
  name: 'list_parsed_files',
  text: `
select f.bundle_name as "bundleName", f.file_path as "filePath", f.inputs_hash as "inputsHash", f.inputs
  from parsed_file f
 where f.parsed_by = $1
   and not exists (select 1 from import_error e where e.bundle_name = f.bundle_name and e.file_path = f.file_path)
   and (select count(*) from dag d
         where d.bundle_name = f.bundle_name and d.file_path = f.file_path and not d.is_stale and not d.has_import_errors
           and d.dag_id = any(f.dag_ids) and d.version_id is not null) = cardinality(f.dag_ids)`,
};

/**
 * listParsedFiles    who: DAG processor, when it starts. Reads only. Only files whose DAGs are all as they were left: one that was
 * deleted or taken over meanwhile has its file parsed again.
 */
export async function listParsedFiles(db: Queryable, parsedBy: string): Promise<readonly RememberedFile[]> {
  return (await db.query<RememberedFile>(LIST, [parsedBy])).rows;
}

const SAVE = {
  name: 'save_parsed_file_hashes',
  text: `
insert into parsed_file as p (bundle_name, file_path, inputs_hash, parsed_by, inputs, dag_ids)
select g.bundle_name, g.file_path, g.inputs_hash, $1, g.inputs::jsonb, array(select jsonb_array_elements_text(g.dag_ids::jsonb))
  from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[]) as g(bundle_name, file_path, inputs_hash, inputs, dag_ids)
on conflict (bundle_name, file_path) do update
   set inputs_hash = excluded.inputs_hash, parsed_by = excluded.parsed_by, inputs = excluded.inputs, dag_ids = excluded.dag_ids
 where (p.inputs_hash, p.parsed_by, p.inputs, p.dag_ids) is distinct from (excluded.inputs_hash, excluded.parsed_by, excluded.inputs, excluded.dag_ids)`,
};

/** saveParsedFiles    who: DAG processor, after files were saved. Locks the rows it changes. Each file once. */
export async function saveParsedFiles(
  db: Queryable,
  parsedBy: string,
  files: readonly (RememberedFile & { readonly dagIds: readonly string[] })[],
): Promise<void> {
  await db.query(SAVE, [
    parsedBy,
    files.map((file) => file.bundleName),
    files.map((file) => file.filePath),
    files.map((file) => file.inputsHash),
    files.map((file) => JSON.stringify(file.inputs)),
    files.map((file) => JSON.stringify(file.dagIds)),
  ]);
}

const FORGET = { name: 'forget_parsed_file', text: 'delete from parsed_file where bundle_name = $1 and file_path = $2' };

/** forgetParsedFile    who: DAG processor, when a file is gone. Zero rows = it was not known. */
export async function forgetParsedFile(db: Queryable, { bundleName, filePath }: FileOfBundle): Promise<void> {
  await db.query(FORGET, [bundleName, filePath]);
}
