/**
 * Setups and teardowns. A setup makes something (a cluster), a teardown right after it takes it away, and the tasks
 * between the two are the setup's scope: they need what it made. Pure graph questions; when a task may start is in
 * `core/scheduling/setup-rules.ts`.
 */
import { closure, downstreamOf, type UpstreamMap } from './dag-graph.ts';
import type { TaskSpec } from './dag-spec.ts';

export type ScopedTask = Pick<TaskSpec, 'taskId' | 'upstream' | 'isSetup' | 'isTeardown'>;

/** For each setup: its teardowns, and the tasks of its scope (without setup and teardowns themselves). */
export interface SetupScope {
  readonly setupId: string;
  readonly teardownIds: readonly string[];
  /** All tasks downstream of the setup that a teardown of its waits for; without a teardown, all downstream. */
  readonly memberIds: ReadonlySet<string>;
}

/** Finds the scope of every setup. A task may lie in several. Linear in the graph for each setup. */
export function setupScopes(tasks: readonly ScopedTask[]): readonly SetupScope[] {
  const setups = tasks.filter((task) => task.isSetup);
  if (setups.length === 0) return [];
  const upstream: UpstreamMap = new Map(tasks.map((task) => [task.taskId, task.upstream]));
  const downstream = downstreamOf(upstream);
  const isTeardown = new Set(tasks.filter((task) => task.isTeardown).map((task) => task.taskId));
  return setups.map(({ taskId: setupId }) => {
    const below = closure(downstream, [setupId]);
    const teardownIds = (downstream.get(setupId) ?? []).filter((id) => isTeardown.has(id));
    const above = teardownIds.length === 0 ? below : closure(upstream, teardownIds);
    const memberIds = new Set([...below].filter((id) => above.has(id) && !isTeardown.has(id)));
    return { setupId, teardownIds, memberIds };
  });
}

export interface Neighbours {
  readonly upstream: boolean;
  readonly downstream: boolean;
}

/**
 * The chosen tasks with what clearing them has to clear as well: the upstream and downstream asked for; with a task,
 * the setups whose scope it lies in and their teardowns (it cannot run without the cluster); with a setup, its teardowns.
 * Ids of tasks that do not exist are kept.
 */
export function withSetupsAndTeardowns(tasks: readonly ScopedTask[], chosen: Iterable<string>, neighbours: Neighbours): Set<string> {
  const picked = new Set(chosen);
  const upstream: UpstreamMap = new Map(tasks.map((task) => [task.taskId, task.upstream]));
  const above = neighbours.upstream ? closure(upstream, picked) : new Set<string>();
  const below = neighbours.downstream ? closure(downstreamOf(upstream), picked) : new Set<string>();
  const all = new Set([...picked, ...above, ...below]);
  const related: string[] = [];
  for (const { setupId, teardownIds, memberIds } of setupScopes(tasks)) {
    // A task of the scope, chosen or below: its setup has to run again, wherever that lies.
    if ([...picked, ...below].some((id) => memberIds.has(id))) related.push(setupId, ...teardownIds);
    else if (all.has(setupId)) related.push(...teardownIds);
  }
  // Setups lie in the scopes of others: what makes the network comes before what makes the cluster in it.
  const fresh = related.filter((id) => !all.has(id));
  if (fresh.length === 0) return all;
  for (const id of withSetupsAndTeardowns(tasks, fresh, { upstream: false, downstream: false })) all.add(id);
  return all;
}
