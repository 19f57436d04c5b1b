/**
 * What a scheduler holds in memory of the shards it owns: their DAGs and unfinished runs. All of it can be
 * rebuilt from Postgres at any time; losing a shard means forgetting, never writing.
 */

import type { DagIndex } from '#core/scheduling/dag-index.ts';
import type { Instance, RunModel } from '#core/scheduling/run-model.ts';
import type { NextRun } from '#core/timetable/timetable.ts';
import type { ScheduledDag } from '#platform/db/queries/list-scheduled-dags.ts';

export interface DagEntry {
  row: ScheduledDag;
  /** The newest version, prepared; null = the DAG has none yet. */
  index: DagIndex | null;
  next: NextRun | null;
  /** The timetable was asked since the last change. */
  planned: boolean;
  /** Newest scheduled logical date, ms; moves on with each run created. */
  lastLogicalDateMs: number | null;
  /** When its next run is due, or its timetable is asked once more; null = not before something changes. */
  askAgainAtMs: number | null;
}

export class Memory {
  readonly dags = new Map<string, DagEntry>();
  readonly runs = new Map<string, RunModel>();
  readonly #runsOfDag = new Map<string, Set<RunModel>>();
  readonly #runOfInstance = new Map<string, RunModel>();

  runsOf(dagId: string): ReadonlySet<RunModel> {
    return this.#runsOfDag.get(dagId) ?? new Set();
  }

  runOfInstance(instanceId: string): RunModel | undefined {
    return this.#runOfInstance.get(instanceId);
  }

  putRun(run: RunModel): void {
    this.dropRun(run.row.dagRunId);
    this.runs.set(run.row.dagRunId, run);
    let siblings = this.#runsOfDag.get(run.row.dagId);
    if (!siblings) {
      siblings = new Set();
      this.#runsOfDag.set(run.row.dagId, siblings);
    }
    siblings.add(run);
    this.indexInstances(run);
  }

  /** After an expansion: the run has instances it had not before. */
  indexInstances(run: RunModel): void {
    for (const id of run.byId.keys()) this.#runOfInstance.set(id, run);
  }

  dropRun(dagRunId: string): RunModel | undefined {
    const run = this.runs.get(dagRunId);
    if (!run) return undefined;
    this.runs.delete(dagRunId);
    for (const id of run.byId.keys()) this.#runOfInstance.delete(id);
    const siblings = this.#runsOfDag.get(run.row.dagId);
    siblings?.delete(run);
    if (siblings?.size === 0) this.#runsOfDag.delete(run.row.dagId);
    return run;
  }

  /** What is queued, with a worker, or deferred. */
  inFlight(): { readonly run: RunModel; readonly instance: Instance }[] {
    return [...this.runs.values()].flatMap((run) => [...run.inFlight].map((instance) => ({ run, instance })));
  }

  /** Returns the runs it held. */
  dropShard(shard: number): readonly RunModel[] {
    for (const [dagId, dag] of this.dags) if (dag.row.shard === shard) this.dags.delete(dagId);
    const dropped = [...this.runs.values()].filter((run) => run.row.shard === shard);
    for (const run of dropped) this.dropRun(run.row.dagRunId);
    return dropped;
  }
}
