/** DAG versions by id. A version never changes, so what was read once stays true. */
import type { DagSpec, MapScope, TaskSpec } from '#core/dag-spec.ts';
import { AppError } from '#core/errors.ts';
import type { LoadedVersion } from '#platform/db/queries/load-version.ts';

export interface TaskPlan {
  readonly spec: DagSpec;
  readonly task: TaskSpec;
  readonly scope: MapScope | null;
  /** Every task of the DAG, by id. */
  readonly tasks: ReadonlyMap<string, TaskSpec>;
}

export interface Version {
  readonly spec: DagSpec;
  readonly tasks: ReadonlyMap<string, TaskSpec>;
}

/** The specs of so many tasks are kept: a version of two thousand counts as much as a thousand versions of two. */
const TASKS_MAX = 100_000;

export class VersionCache {
  readonly #load: (versionIds: readonly string[]) => Promise<readonly LoadedVersion[]>;
  /** Least recently used first. */
  readonly #versions = new Map<string, Promise<Version>>();
  readonly #tasksOf = new Map<string, number>();
  #tasks = 0;

  constructor(load: (versionIds: readonly string[]) => Promise<readonly LoadedVersion[]>) {
    this.#load = load;
  }

  /** Returns what the version says about the task. Throws NOT_FOUND when the version or the task is gone. */
  async plan(versionId: string, taskId: string): Promise<TaskPlan> {
    const { spec, tasks } = await this.version(versionId);
    const task = tasks.get(taskId);
    if (!task)
      throw new AppError(
        'NOT_FOUND',
        `The DAG version of this run has no task ${taskId}. Clear the run so that it takes the newest version.`,
      );
    const scope = task.mapScope === null ? null : (spec.mapScopes.find((entry) => entry.scopeId === task.mapScope) ?? null);
    return { spec, task, scope, tasks };
  }

  /** Throws NOT_FOUND when it is gone. */
  version(versionId: string): Promise<Version> {
    const known = this.#versions.get(versionId);
    if (known) {
      this.#versions.delete(versionId);
      this.#versions.set(versionId, known);
      return known;
    }
    const loaded = this.#read(versionId);
    this.#versions.set(versionId, loaded);
    loaded.then(
      ({ tasks }) => this.#count(versionId, tasks.size),
      () => this.#versions.delete(versionId),
    );
    return loaded;
  }

  /** Makes room for it. */
  #count(versionId: string, tasks: number): void {
    if (!this.#versions.has(versionId)) return;
    this.#tasksOf.set(versionId, tasks + 1);
    this.#tasks += tasks + 1;
    for (const oldest of this.#versions.keys()) {
      if (this.#tasks <= TASKS_MAX || oldest === versionId) return;
      this.#versions.delete(oldest);
      this.#tasks -= this.#tasksOf.get(oldest) ?? 0;
      this.#tasksOf.delete(oldest);
    }
  }

  async #read(versionId: string): Promise<Version> {
    const version = (await this.#load([versionId]))[0];
    if (!version) throw new AppError('NOT_FOUND', 'The DAG version of this run is gone: its DAG was deleted.');
    return { spec: version.spec, tasks: new Map(version.spec.tasks.map((task) => [task.taskId, task])) };
  }
}
