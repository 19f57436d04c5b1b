/** Turns tasks and groups into the rows of a tree, in the order of the DAG. Pure. */
import type { TaskInstanceState } from '#core/states.ts';
import type { StateCounts, UiCell, UiGroup, UiTaskNode } from '../../../ui-api/types.ts';

export type Group = UiGroup;

export type TreeRow =
  | {
      readonly kind: 'group';
      readonly id: string;
      readonly label: string;
      readonly depth: number;
      readonly isOpen: boolean;
      readonly taskIds: readonly string[];
    }
  | { readonly kind: 'task'; readonly id: string; readonly label: string; readonly depth: number; readonly task: UiTaskNode };

/** The last part of a dotted id below its group: "load.orders" in group "load" is "orders". */
export function shortLabel(id: string, parentId: string | null): string {
  return parentId !== null && id.startsWith(`${parentId}.`) ? id.slice(parentId.length + 1) : id;
}

/** What a task is called where its group is known. */
export function taskLabel(task: UiTaskNode, groupId: string | null): string {
  return task.displayName ?? shortLabel(task.taskId, groupId);
}

export function groupLabel(group: Group, parentId: string | null): string {
  return group.displayName ?? shortLabel(group.groupId, parentId);
}

/** The task ids inside each group, those of nested groups included. */
export function tasksByGroup(tasks: readonly UiTaskNode[], groups: readonly Group[]): ReadonlyMap<string, readonly string[]> {
  const parents = new Map(groups.map((group) => [group.groupId, group.parentId]));
  const members = new Map<string, string[]>(groups.map((group) => [group.groupId, []]));
  for (const task of tasks) for (let at = task.groupId; at !== null; at = parents.get(at) ?? null) members.get(at)?.push(task.taskId);
  return members;
}

/** Rows of the tree. A group stands where its first task stands; what is inside closed groups is left out. */
export function treeRows(
  tasks: readonly UiTaskNode[],
  groups: readonly Group[],
  closed: ReadonlySet<string>,
  search: string,
): readonly TreeRow[] {
  const query = search.toLowerCase();
  const shown = query === '' ? tasks : tasks.filter((task) => `${task.taskId} ${task.displayName ?? ''}`.toLowerCase().includes(query));
  const members = tasksByGroup(shown, groups);
  const parents = new Map(groups.map((group) => [group.groupId, group.parentId]));
  const byId = new Map(groups.map((group) => [group.groupId, group]));
  const rows: TreeRow[] = [];
  const seen = new Set<string>();
  const place = (parentId: string | null, depth: number) => {
    for (const task of shown) {
      if (task.groupId === parentId) {
        rows.push({ kind: 'task', id: task.taskId, label: taskLabel(task, parentId), depth, task });
        continue;
      }
      const child = childTowards(task.groupId, parentId, parents);
      if (child === null || seen.has(child)) continue;
      seen.add(child);
      const isOpen = query !== '' || !closed.has(child);
      rows.push({
        kind: 'group',
        id: child,
        label: groupLabel(byId.get(child) as Group, parentId),
        depth,
        isOpen,
        taskIds: members.get(child) ?? [],
      });
      if (isOpen) place(child, depth + 1);
    }
  };
  place(null, 0);
  return rows;
}

/** The group right below `parentId` on the way up from `groupId`; null when it is not below it. */
function childTowards(groupId: string | null, parentId: string | null, parents: ReadonlyMap<string, string | null>): string | null {
  for (let at = groupId; at !== null; ) {
    const above = parents.get(at) ?? null;
    if (above === parentId) return at;
    at = above;
  }
  return null;
}

/** What a group shows for its tasks: the state most in need of a look. */
const WORST_FIRST: readonly TaskInstanceState[] = [
  'failed',
  'upstream_failed',
  'up_for_retry',
  'running',
  'restarting',
  'queued',
  'scheduled',
  'deferred',
  'up_for_reschedule',
  'none',
  'success',
  'skipped',
  'removed',
];

/** One state for several; null when there is none. */
export function worstState(states: Iterable<TaskInstanceState>): TaskInstanceState | null {
  const present = new Set(states);
  return WORST_FIRST.find((state) => present.has(state)) ?? null;
}

/** Adds the cells of one run up by state; a mapped cell counts all its instances. */
export function countCells(cells: Iterable<UiCell | null | undefined>): StateCounts {
  const counts: Partial<Record<TaskInstanceState, number>> = {};
  for (const cell of cells) {
    if (cell === null || cell === undefined) continue;
    for (const [state, count] of Object.entries(cell.counts ?? { [cell.state]: 1 })) {
      const key = state as TaskInstanceState;
      counts[key] = (counts[key] ?? 0) + (count ?? 0);
    }
  }
  return counts;
}
