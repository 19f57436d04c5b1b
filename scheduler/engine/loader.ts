/** Reads DAGs, versions and runs from Postgres into the scheduler's memory. */
import { SPEC_VERSION } from '#core/dag-spec.ts';
import { type DagIndex, indexDag } from '#core/scheduling/dag-index.ts';
import { RunModel } from '#core/scheduling/run-model.ts';
import type { Queryable } from '#platform/db/client.ts';
import { listRunRevisions } from '#platform/db/queries/list-run-revisions.ts';
import { listScheduledDags, type ScheduledDag } from '#platform/db/queries/list-scheduled-dags.ts';
import { loadUnfinishedRuns } from '#platform/db/queries/load-unfinished-runs.ts';
import { type LoadedVersion, loadVersions } from '#platform/db/queries/load-version.ts';
import type { Logger } from '#platform/logger.ts';

export class Loader {
  readonly #db: Queryable;
  /** Versions never change: one that a DAG or a run in memory uses is not read again. One that none uses any more is forgotten. */
  readonly #versions = new Map<string, WeakRef<DagIndex>>();
  readonly #unused = new FinalizationRegistry<string>((versionId) => {
    if (this.#versions.get(versionId)?.deref() === undefined) this.#versions.delete(versionId);
  });
  /** Written by a newer Windlass: their runs are not loaded, a newer scheduler takes them. */
  readonly #unreadable = new Set<string>();
  readonly #logger: Logger;

  constructor(db: Queryable, logger: Logger) {
    this.#db = db;
    this.#logger = logger;
  }

  async dags(
    shards: readonly number[],
    dagIds: readonly string[] | null,
  ): Promise<readonly { readonly row: ScheduledDag; readonly index: DagIndex | null }[]> {
    const rows = await listScheduledDags(this.#db, shards, dagIds);
    const versions = await this.#need(rows.flatMap((row) => (row.versionId === null ? [] : [row.versionId])));
    return rows.map((row) => ({ row, index: row.versionId === null ? null : (versions.get(row.versionId) ?? null) }));
  }

  /** Of these DAGs, the runs that are new or not what `known` holds, and the ids of all that are unfinished. `null`: all. */
  async changedRuns(
    shards: readonly number[],
    dagIds: readonly string[] | null,
    known: ReadonlyMap<string, RunModel>,
  ): Promise<{ readonly runs: readonly RunModel[]; readonly unfinished: ReadonlySet<string> }> {
    if (dagIds === null) {
      const all = await this.runs(shards, null);
      return { runs: all, unfinished: new Set(all.map((run) => run.row.dagRunId)) };
    }
    const revisions = await listRunRevisions(this.#db, shards, dagIds);
    const changed = revisions.filter(({ dagRunId, revision }) => known.get(dagRunId)?.row.revision !== revision);
    const ids = changed.map((run) => run.dagRunId);
    const runs = ids.length === 0 ? [] : await this.runs(shards, dagIds, ids);
    return { runs, unfinished: new Set(revisions.map((run) => run.dagRunId)) };
  }

  async runs(
    shards: readonly number[],
    dagIds: readonly string[] | null,
    dagRunIds: readonly string[] | null = null,
  ): Promise<readonly RunModel[]> {
    const loaded = await loadUnfinishedRuns(this.#db, shards, dagIds, dagRunIds);
    const versions = await this.#need(loaded.map((run) => run.versionId));
    return loaded.flatMap((run) => {
      const index = versions.get(run.versionId);
      return index ? [new RunModel(run.row, index, run.instances, run.mapLengths)] : [];
    });
  }

  async #need(versionIds: readonly string[]): Promise<ReadonlyMap<string, DagIndex>> {
    const found = new Map<string, DagIndex>();
    const missing: string[] = [];
    for (const id of new Set(versionIds)) {
      if (this.#unreadable.has(id)) continue;
      const known = this.#versions.get(id)?.deref();
      if (known) found.set(id, known);
      else missing.push(id);
    }
    for (let start = 0; start < missing.length; start += 200)
      for (const version of await loadVersions(this.#db, missing.slice(start, start + 200))) {
        if (version.spec.specVersion > SPEC_VERSION) {
          this.#refuse(version);
          continue;
        }
        const index = indexDag(version.spec);
        found.set(version.versionId, index);
        this.#versions.set(version.versionId, new WeakRef(index));
        this.#unused.register(index, version.versionId);
      }
    return found;
  }

  #refuse({ versionId, dagId, spec }: LoadedVersion): void {
    this.#unreadable.add(versionId);
    this.#logger.warn(
      { event: 'spec.newer', dag_id: dagId, spec_version: spec.specVersion },
      `DAG ${dagId} was written by a newer Windlass (spec version ${spec.specVersion}, this scheduler knows ${SPEC_VERSION}); its runs are left to newer schedulers. Upgrade this one.`,
    );
  }
}
