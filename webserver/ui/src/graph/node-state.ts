/** What each task shows in a graph: from the cells of a grid column, or from the instances of a run. Pure. */
import type { TaskInstanceState } from '#core/states.ts';
import type { StateCounts, UiGrid, UiInstance } from '../../../ui-api/types.ts';
import { worstState } from '../grid/task-rows.ts';

export interface NodeState {
  readonly state: TaskInstanceState;
  readonly counts: StateCounts | null;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
}

export type NodeStates = ReadonlyMap<string, NodeState>;

/** The states of one run as the grid knows them. */
export function statesFromGrid(grid: UiGrid, runId: string): NodeStates {
  const column = grid.runs.findIndex((run) => run.runId === runId);
  const states = new Map<string, NodeState>();
  for (const [taskId, cells] of Object.entries(grid.cells)) {
    const cell = cells[column];
    if (cell !== null && cell !== undefined) states.set(taskId, cell);
  }
  return states;
}

/** The states of one run from its instances; those of a mapped task are taken together. */
export function statesFromInstances(instances: readonly UiInstance[]): NodeStates {
  const byTask = Map.groupBy(instances, (instance) => instance.taskId);
  const states = new Map<string, NodeState>();
  for (const [taskId, own] of byTask) states.set(taskId, together(own));
  return states;
}

function together(own: readonly UiInstance[]): NodeState {
  const [only] = own;
  if (own.length === 1 && only !== undefined && only.mapIndex < 0)
    return { state: only.state, counts: null, startedAt: only.startedAt, endedAt: only.endedAt };
  const counts: Partial<Record<TaskInstanceState, number>> = {};
  for (const { state } of own) counts[state] = (counts[state] ?? 0) + 1;
  const starts = own.flatMap((instance) => instance.startedAt ?? []).sort();
  const ends = own.flatMap((instance) => instance.endedAt ?? []).sort();
  return {
    state: worstState(own.map((instance) => instance.state)) ?? 'none',
    counts,
    startedAt: starts[0] ?? null,
    endedAt: ends.length === own.length ? (ends.at(-1) ?? null) : null,
  };
}
