import {
  Background,
  BackgroundVariant,
  Controls,
  type Edge,
  MiniMap,
  type Node,
  ReactFlow,
  ReactFlowProvider,
  useReactFlow,
} from '@xyflow/react';
import '@xyflow/react/dist/base.css';
import { useEffect, useMemo, useState } from 'react';
import { ErrorPanel } from '#ui-kit/error-panel.tsx';
import { Spinner } from '#ui-kit/spinner.tsx';
import { lookOf } from '#ui-kit/state-looks.ts';
import type { UiTaskNode } from '../../../ui-api/types.ts';
import { countCells, type Group, tasksByGroup, worstState } from '../grid/task-rows.ts';
import { type FlowGraph, flowGraph, type GraphDirection, groupNodeId, lineageOf } from './flow-graph.ts';
import { ClosedGroupNode, GroupNode, type NodeData, TaskNode } from './graph-nodes.tsx';
import { type GraphLayout, layoutOf } from './layout.ts';
import type { NodeState, NodeStates } from './node-state.ts';
import { RoutedEdge } from './routed-edge.tsx';

const NODE_TYPES = { task: TaskNode, frame: GroupNode, closed: ClosedGroupNode };
const EDGE_TYPES = { routed: RoutedEdge };

export interface GraphViewProps {
  readonly tasks: readonly UiTaskNode[];
  readonly groups: readonly Group[];
  /** Null while no run is chosen: the graph shows structure only. */
  readonly states: NodeStates | null;
  readonly closed: ReadonlySet<string>;
  readonly direction: GraphDirection;
  readonly onToggleGroup: (groupId: string) => void;
  /** Opens a task; absent while there is nothing to open. */
  readonly onOpenTask: ((taskId: string) => void) | null;
}

/** Smaller graphs fit into the window as a whole; a map would only cover them. */
const MINIMAP_FROM_NODES = 24;

/** Tasks as a layered graph, coloured by state; groups fold; hovering lights what comes before and after. */
export function GraphView(props: GraphViewProps) {
  const { tasks, groups, closed, direction } = props;
  const graph = useMemo(() => flowGraph(tasks, groups, closed), [tasks, groups, closed]);
  const { layout, error } = useLayout(graph, direction);
  if (error !== null)
    return (
      <div className="p-6">
        <ErrorPanel error={error} />
      </div>
    );
  if (layout === null)
    return (
      <div className="grid h-full place-items-center text-ink-3">
        <Spinner size={20} label="Laying out the graph" />
      </div>
    );
  return (
    <ReactFlowProvider>
      <Drawing {...props} graph={layout.graph} layout={layout.layout} />
    </ReactFlowProvider>
  );
}

/** The newest layout that is ready; the one before stays on screen while the next is computed. */
function useLayout(graph: FlowGraph, direction: GraphDirection) {
  const [state, setState] = useState<{ layout: { graph: FlowGraph; layout: GraphLayout } | null; error: Error | null }>({
    layout: null,
    error: null,
  });
  useEffect(() => {
    let isCurrent = true;
    layoutOf(graph, direction).then(
      (layout) => isCurrent && setState({ layout: { graph, layout }, error: null }),
      (error: unknown) => isCurrent && setState({ layout: null, error: error instanceof Error ? error : new Error(String(error)) }),
    );
    return () => {
      isCurrent = false;
    };
  }, [graph, direction]);
  return state;
}

function Drawing({
  graph,
  layout,
  tasks,
  groups,
  states,
  direction,
  onToggleGroup,
  onOpenTask,
}: GraphViewProps & { graph: FlowGraph; layout: GraphLayout }) {
  const [hovered, setHovered] = useState<string | null>(null);
  const lineage = useMemo(() => (hovered === null ? null : lineageOf(graph, hovered)), [graph, hovered]);
  const members = useMemo(() => tasksByGroup(tasks, groups), [tasks, groups]);
  const byId = useMemo(() => new Map(tasks.map((task) => [task.taskId, task])), [tasks]);
  const groupsById = useMemo(() => new Map(groups.map((group) => [group.groupId, group])), [groups]);
  const nodes = useMemo(
    () =>
      graph.nodes.flatMap((node): Node<NodeData>[] => {
        const box = layout.boxes.get(node.id);
        if (box === undefined) return [];
        const groupId = node.kind === 'task' ? null : node.id.slice(groupNodeId('').length);
        const data: NodeData = {
          label: node.label,
          task: byId.get(node.id) ?? null,
          group: groupId === null ? null : (groupsById.get(groupId) ?? null),
          groupId,
          taskCount: groupId === null ? 0 : (members.get(groupId)?.length ?? 0),
          state: states === null ? null : groupId === null ? (states.get(node.id) ?? null) : groupState(members.get(groupId) ?? [], states),
          isFaded: lineage !== null && node.kind !== 'group' && !lineage.has(node.id),
          isOpenable: onOpenTask !== null,
          direction,
          onToggleGroup,
        };
        return [
          {
            id: node.id,
            // React Flow styles its own type "group".
            type: node.kind === 'group' ? 'frame' : node.kind,
            position: { x: box.x, y: box.y },
            width: box.width,
            height: box.height,
            data,
            draggable: false,
            connectable: false,
            selectable: false,
            ...(node.parentId === null ? {} : { parentId: node.parentId }),
            zIndex: node.kind === 'group' ? 0 : 2,
          },
        ];
      }),
    [graph, layout, byId, groupsById, members, states, lineage, direction, onToggleGroup, onOpenTask],
  );
  const edges = useMemo(
    () =>
      graph.edges.map((edge): Edge => {
        const isLit = lineage?.has(edge.source) === true && lineage.has(edge.target);
        const source = states?.get(edge.source)?.state;
        return {
          id: edge.id,
          source: edge.source,
          target: edge.target,
          type: 'routed',
          zIndex: isLit ? 2 : 1,
          focusable: false,
          data: {
            points: layout.routes.get(edge.id) ?? [],
            label: edge.label ?? null,
            isLit,
            isFaded: lineage !== null && !isLit,
            isMoving: source === 'running',
            isScope: edge.isScope === true,
          },
        };
      }),
    [graph, layout, lineage, states],
  );
  useFitOnChange(layout);
  return (
    <ReactFlow
      nodes={nodes}
      edges={edges}
      nodeTypes={NODE_TYPES}
      edgeTypes={EDGE_TYPES}
      fitView
      fitViewOptions={{ padding: 0.12, maxZoom: 1.1 }}
      minZoom={0.08}
      maxZoom={2}
      nodesDraggable={false}
      nodesConnectable={false}
      elementsSelectable={false}
      proOptions={{ hideAttribution: true }}
      onNodeMouseEnter={(_event, node) => node.type !== 'frame' && setHovered(node.id)}
      onNodeMouseLeave={() => setHovered(null)}
      onNodeClick={(_event, node) => {
        if (node.type === 'task') onOpenTask?.(node.id);
      }}
    >
      <Background variant={BackgroundVariant.Dots} gap={20} size={1.2} color="var(--line-strong)" />
      <Controls showInteractive={false} position="bottom-left" />
      {graph.nodes.length > MINIMAP_FROM_NODES ? (
        <MiniMap
          pannable
          zoomable
          position="bottom-right"
          nodeColor={miniMapColor}
          nodeStrokeWidth={0}
          nodeBorderRadius={8}
          className="max-sm:hidden"
        />
      ) : null}
    </ReactFlow>
  );
}

/** Folding a group or turning the graph moves everything: bring it all into sight again. */
function useFitOnChange(layout: GraphLayout): void {
  const { fitView } = useReactFlow();
  useEffect(() => {
    if (layout.boxes.size === 0) return;
    const frame = requestAnimationFrame(() => void fitView({ padding: 0.12, maxZoom: 1.1, duration: 160 }));
    return () => cancelAnimationFrame(frame);
  }, [layout, fitView]);
}

function groupState(taskIds: readonly string[], states: NodeStates): NodeState | null {
  const own = taskIds.flatMap((taskId) => states.get(taskId) ?? []);
  const state = worstState(own.map((one) => one.state));
  if (state === null) return null;
  const counts = countCells(own.map((one) => ({ ...one, tryNumber: 0 })));
  return { state, counts, startedAt: null, endedAt: null };
}

function miniMapColor(node: Node): string {
  const { state } = node.data as unknown as NodeData;
  if (node.type === 'frame') return 'color-mix(in oklab, var(--line-strong) 40%, transparent)';
  return state === null ? 'var(--line-strong)' : lookOf(state.state).color;
}
