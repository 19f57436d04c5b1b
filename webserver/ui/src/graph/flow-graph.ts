/** Turns tasks and groups into the nodes and edges that are drawn, with closed groups as one node each. Pure. */
import type { UiTaskNode } from '../../../ui-api/types.ts';
import { type Group, groupLabel, taskLabel, tasksByGroup } from '../grid/task-rows.ts';

export type GraphDirection = 'RIGHT' | 'DOWN';

export interface FlowNode {
  readonly id: string;
  readonly kind: 'task' | 'group' | 'closed';
  readonly label: string;
  readonly parentId: string | null;
  readonly width: number;
  readonly height: number;
}

export interface FlowEdge {
  readonly id: string;
  readonly source: string;
  readonly target: string;
  /** Words on it. */
  readonly label?: string;
  /** From a setup to its teardown: dotted, because it is not what carries the work. */
  readonly isScope?: true;
}

export interface FlowGraph {
  /** Parents stand before their children. */
  readonly nodes: readonly FlowNode[];
  readonly edges: readonly FlowEdge[];
}

const NODE_HEIGHT = 46;
const CHARACTER_PX = 7.25;
const LEAST_WIDTH = 132;
/** A mapped task also says how many instances it has. */
const LEAST_WIDTH_MAPPED = 172;
/** The mark of a setup or teardown. */
const ROLE_PX = 28;
const MOST_WIDTH = 260;

/** Node ids of groups must not meet task ids. */
export function groupNodeId(groupId: string): string {
  return `group:${groupId}`;
}

function widthOf(label: string, leastPx = LEAST_WIDTH): number {
  return Math.round(Math.min(MOST_WIDTH, Math.max(leastPx, label.length * CHARACTER_PX + 54)));
}

/** What is drawn while `closed` groups are folded. */
export function flowGraph(tasks: readonly UiTaskNode[], groups: readonly Group[], closed: ReadonlySet<string>): FlowGraph {
  const parents = new Map(groups.map((group) => [group.groupId, group.parentId]));
  const members = tasksByGroup(tasks, groups);
  /** The outermost closed group around something; null when all of them are open. */
  const hiddenBy = (groupId: string | null): string | null => {
    let outermost: string | null = null;
    for (let at = groupId; at !== null; at = parents.get(at) ?? null) if (closed.has(at)) outermost = at;
    return outermost;
  };
  const nodes: FlowNode[] = [];
  const addGroup = (group: Group) => {
    const { groupId, parentId } = group;
    if (hiddenBy(parentId) !== null || (members.get(groupId)?.length ?? 0) === 0) return;
    const label = groupLabel(group, parentId);
    const parent = parentId === null ? null : groupNodeId(parentId);
    const isClosed = closed.has(groupId);
    nodes.push({
      id: groupNodeId(groupId),
      kind: isClosed ? 'closed' : 'group',
      label,
      parentId: parent,
      // An open group is as wide as what it holds, and never narrower than its name.
      width: isClosed ? widthOf(`${label} 99 tasks`) : widthOf(label),
      height: isClosed ? NODE_HEIGHT : 0,
    });
    if (!isClosed) for (const child of groups) if (child.parentId === groupId) addGroup(child);
  };
  for (const group of groups) if (group.parentId === null) addGroup(group);
  const drawnAs = new Map<string, string>();
  for (const task of tasks) {
    const hidden = hiddenBy(task.groupId);
    drawnAs.set(task.taskId, hidden === null ? task.taskId : groupNodeId(hidden));
    if (hidden !== null) continue;
    const label = taskLabel(task, task.groupId);
    nodes.push({
      id: task.taskId,
      kind: 'task',
      label,
      parentId: task.groupId === null ? null : groupNodeId(task.groupId),
      width: widthOf(label, task.isMapped ? LEAST_WIDTH_MAPPED : LEAST_WIDTH) + (task.role === undefined ? 0 : ROLE_PX),
      height: NODE_HEIGHT,
    });
  }
  const roles = new Map(tasks.map((task) => [task.taskId, task.role]));
  const edges = new Map<string, FlowEdge>();
  for (const task of tasks)
    for (const upstream of task.upstream) {
      const source = drawnAs.get(upstream);
      const target = drawnAs.get(task.taskId);
      if (source === undefined || target === undefined || source === target) continue;
      const id = `${source}→${target}`;
      const label = task.edgeLabels?.[upstream] ?? edges.get(id)?.label;
      // Several edges may be drawn as one into or out of a folded group.
      const isScope = roles.get(upstream) === 'setup' && task.role === 'teardown' && (edges.get(id)?.isScope ?? !edges.has(id));
      edges.set(id, { id, source, target, ...(isScope && { isScope }), ...(label !== undefined && { label }) });
    }
  return { nodes, edges: [...edges.values()] };
}

/** A node and everything before and after it. */
export function lineageOf(graph: FlowGraph, id: string): ReadonlySet<string> {
  const found = new Set([id]);
  const walk = (from: 'source' | 'target', to: 'source' | 'target') => {
    const seen = new Set([id]);
    const queue = [id];
    for (let at = queue.pop(); at !== undefined; at = queue.pop())
      for (const edge of graph.edges)
        if (edge[from] === at && !seen.has(edge[to])) {
          seen.add(edge[to]);
          queue.push(edge[to]);
        }
    for (const node of seen) found.add(node);
  };
  walk('source', 'target');
  walk('target', 'source');
  return found;
}
