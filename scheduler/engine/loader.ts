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

const VERSIONS_MAX = 20_000;

export class Loader {
  readonly #db: Queryable;
  /** Versions never change, so they are cached for ever (up to a bound). */
  readonly #versions = new Map<string, DagIndex>();
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
    await this.#need(rows.flatMap((row) => (row.versionId === null ? [] : [row.versionId])));
    return rows.map((row) => ({ row, index: row.versionId === null ? null : (this.#versions.get(row.versionId) ?? null) }));
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
    await this.#need(loaded.map((run) => run.versionId));
    return loaded.flatMap((run) => {
      const index = this.#versions.get(run.versionId);
      return index ? [new RunModel(run.row, index, run.instances, run.mapLengths)] : [];
    });
  }

  async #need(versionIds: readonly string[]): Promise<void> {
    const needed = [...new Set(versionIds)].filter((id) => !this.#unreadable.has(id));
    let missing = needed.filter((id) => !this.#versions.has(id));
    if (missing.length === 0) return;
    if (this.#versions.size + missing.length > VERSIONS_MAX) {
      this.#versions.clear();
      missing = needed;
    }
    for (let start = 0; start < missing.length; start += 200)
      for (const version of await loadVersions(this.#db, missing.slice(start, start + 200)))
        if (version.spec.specVersion > SPEC_VERSION) this.#refuse(version);
        else this.#versions.set(version.versionId, indexDag(version.spec));
  }

  #refuse({ versionId, dagId, spec }: LoadedVersion): void {
    this.#unreadable.add(versionId);
    this.#logger.warn(
      { event: 'spec.newer', dag_id: dagId, spec_version: spec.specVersion },
      `DAG ${dagId} was written by a newer Windlass (spec version ${spec.specVersion}, this scheduler knows ${SPEC_VERSION}); its runs are left to newer schedulers. Upgrade this one.`,
    );
  }
}
