/**
 * Saves the plain cases of many files together: DAGs that nobody knew, and DAGs that came out as they were. Whatever is
 * neither - a change, a file that lost a DAG, two files with one DAG - is told to be saved alone.
 */
import type { Database, Queryable } from '#platform/db/client.ts';
import { findKnownDags, type KnownDag } from '#platform/db/queries/parsing/find-known-dags.ts';
import { saveNewFiles } from '#platform/db/queries/parsing/save-new-files.ts';
import { saveSameFiles } from '#platform/db/queries/parsing/save-same-files.ts';
import type { ParsedFile, SavedDag } from '#platform/db/queries/save-parsed-file.ts';
import { probe } from '#platform/probes/probe.ts';
import { GroupCommit } from '#platform/service/group-commit.ts';
import { keepSdkOutside, type SdkOutside } from './sdk-outside.ts';

/** Null: save it alone. */
type Saved = readonly SavedDag[] | null;

const FILES_PER_TRANSACTION = 100;

export class FileSaver {
  readonly #db: Database;
  #sdk: SdkOutside | null = null;
  readonly #saves: GroupCommit<ParsedFile, Saved>;

  constructor(db: Database) {
    this.#db = db;
    this.#saves = new GroupCommit((files) => this.#flush(files), FILES_PER_TRANSACTION);
  }

  /** Before the first file: what the bundles of files import. */
  takeSdk(sdk: SdkOutside): void {
    this.#sdk = sdk;
  }

  /** In the transaction that saves a bundle: what it imports is there, and stays. */
  async holdSdk(tx: Queryable): Promise<void> {
    if (this.#sdk !== null) await keepSdkOutside(tx, this.#sdk);
  }

  save(file: ParsedFile): Promise<Saved> {
    return this.#saves.add(file);
  }

  async #flush(files: readonly ParsedFile[]): Promise<readonly Saved[]> {
    const ids = files.flatMap((file) => file.dags.map(({ spec }) => spec.dagId));
    const known = await findKnownDags(this.#db, ids, files);
    const counted = Map.groupBy(ids, (id) => id);
    const single = files.filter((file) => file.dags.every(({ spec }) => counted.get(spec.dagId)?.length === 1));
    const fresh = single.filter((file) => file.dags.length > 0 && isNew(file, known));
    const same = single.filter((file) => file.dags.length > 0 && isSame(file, known));
    if (fresh.length + same.length === 0) return files.map(() => null);
    const [made, kept] = await this.#db.transaction('save_parsed_files', async (tx) => {
      await this.holdSdk(tx);
      const result = [await saveNewFiles(tx, fresh), await saveSameFiles(tx, same)] as const;
      probe('dagProcessor.together_before_commit');
      return result;
    });
    return files.map((file) => {
      const dagIds = file.dags.map(({ spec }) => spec.dagId);
      if (fresh.includes(file) && dagIds.every((id) => made.has(id))) return dagIds.map((dagId) => ({ dagId, change: 'created' }));
      if (same.includes(file) && dagIds.every((id) => kept.has(id))) return dagIds.map((dagId) => ({ dagId, change: 'unchanged' }));
      return null;
    });
  }
}

const isOf = (file: ParsedFile, dag: KnownDag) => dag.bundleName === file.bundleName && dag.filePath === file.filePath;

function isNew(file: ParsedFile, known: readonly KnownDag[]): boolean {
  return !known.some((dag) => isOf(file, dag) || file.dags.some(({ spec }) => spec.dagId === dag.dagId));
}

function isSame(file: ParsedFile, known: readonly KnownDag[]): boolean {
  const own = known.filter((dag) => isOf(file, dag) && !dag.isStale);
  return (
    own.length === file.dags.length &&
    file.dags.every(({ spec, contentHash }) => own.some((dag) => dag.dagId === spec.dagId && dag.contentHash === contentHash))
  );
}
