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

const VERSIONS_MAX = 200;

export class VersionCache {
  readonly #load: (versionIds: readonly string[]) => Promise<readonly LoadedVersion[]>;
  readonly #versions = new Map<string, Promise<Version>>();

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
    if (known) return known;
    const loaded = this.#read(versionId);
    this.#versions.set(versionId, loaded);
    if (this.#versions.size > VERSIONS_MAX) this.#versions.delete(this.#versions.keys().next().value as string);
    loaded.catch(() => this.#versions.delete(versionId));
    return loaded;
  }

  async #read(versionId: string): Promise<Version> {
    const version = (await this.#load([versionId]))[0];
    if (!version) throw new AppError('NOT_FOUND', 'The DAG version of this run is gone: its DAG was deleted.');
    return { spec: version.spec, tasks: new Map(version.spec.tasks.map((task) => [task.taskId, task])) };
  }
}
