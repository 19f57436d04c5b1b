/** Places nodes and routes edges with ELK, in a web worker so that a thousand tasks do not stall the page. */

import type { ElkExtendedEdge, ElkNode } from 'elkjs/lib/elk-api.js';
import elkModule from 'elkjs/lib/elk-api.js';
import workerUrl from 'elkjs/lib/elk-worker.min.js?url';
import type { FlowGraph, GraphDirection } from './flow-graph.ts';

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Box extends Point {
  readonly width: number;
  readonly height: number;
}

export interface GraphLayout {
  /** By node id; positions are relative to the group the node lies in. */
  readonly boxes: ReadonlyMap<string, Box>;
  /** By edge id; from the start to the end, in coordinates of the whole drawing. */
  readonly routes: ReadonlyMap<string, readonly Point[]>;
}

const LABEL_CHARACTER_PX = 7;
const LABEL_MOST_PX = 180;

/** A group is wide enough for its own name, whatever is in it. */
function atLeast(width: number): Readonly<Record<string, string>> {
  return { 'elk.nodeSize.constraints': 'MINIMUM_SIZE', 'elk.nodeSize.minimum': `(${width}, 60)` };
}

/** How much room the words of an edge need. */
export function labelSize(text: string): { readonly width: number; readonly height: number } {
  return { width: Math.min(LABEL_MOST_PX, Math.ceil(text.length * LABEL_CHARACTER_PX) + 16), height: 18 };
}

const GROUP_PADDING = '[top=40,left=16,bottom=16,right=16]';

const elk = new elkModule.default({ workerUrl, workerFactory: (url) => new Worker(url ?? workerUrl) });
const known = new Map<string, Promise<GraphLayout>>();
const KNOWN_MOST = 40;

/** The layout of a graph; the same graph is computed once. */
export function layoutOf(graph: FlowGraph, direction: GraphDirection): Promise<GraphLayout> {
  const key = JSON.stringify([direction, graph]);
  const before = known.get(key);
  if (before !== undefined) return before;
  const layout = compute(graph, direction);
  known.set(key, layout);
  const oldest = known.keys().next().value;
  if (known.size > KNOWN_MOST && oldest !== undefined) known.delete(oldest);
  layout.catch(() => known.delete(key));
  return layout;
}

async function compute(graph: FlowGraph, direction: GraphDirection): Promise<GraphLayout> {
  const childrenOf = (parentId: string | null): ElkNode[] =>
    graph.nodes
      .filter((node) => node.parentId === parentId)
      .map((node) =>
        node.kind === 'group'
          ? { id: node.id, children: childrenOf(node.id), layoutOptions: { 'elk.padding': GROUP_PADDING, ...atLeast(node.width) } }
          : { id: node.id, width: node.width, height: node.height },
      );
  const result = await elk.layout({
    id: 'root',
    layoutOptions: {
      'elk.algorithm': 'layered',
      'elk.direction': direction,
      'elk.hierarchyHandling': 'INCLUDE_CHILDREN',
      'elk.edgeRouting': 'ORTHOGONAL',
      'elk.json.edgeCoords': 'ROOT',
      'elk.layered.spacing.nodeNodeBetweenLayers': '32',
      'elk.layered.spacing.edgeNodeBetweenLayers': '14',
      'elk.spacing.nodeNode': '18',
      'elk.spacing.edgeNode': '14',
      'elk.spacing.edgeEdge': '8',
      'elk.layered.nodePlacement.strategy': 'NETWORK_SIMPLEX',
      'elk.layered.nodePlacement.networkSimplex.nodeFlexibility.default': 'NONE',
      'elk.layered.mergeEdges': 'true',
      'elk.layered.considerModelOrder.strategy': 'NODES_AND_EDGES',
    },
    children: childrenOf(null),
    edges: graph.edges.map(
      (edge): ElkExtendedEdge => ({
        id: edge.id,
        sources: [edge.source],
        targets: [edge.target],
        // Words need room between the layers; where they stand is found on the route itself.
        ...(edge.label === undefined ? {} : { labels: [{ text: edge.label, ...labelSize(edge.label) }] }),
      }),
    ),
  });
  const boxes = new Map<string, Box>();
  const collect = (node: ElkNode) => {
    for (const child of node.children ?? []) {
      boxes.set(child.id, { x: child.x ?? 0, y: child.y ?? 0, width: child.width ?? 0, height: child.height ?? 0 });
      collect(child);
    }
  };
  collect(result);
  const routes = new Map<string, readonly Point[]>();
  for (const edge of result.edges ?? []) {
    const section = edge.sections?.[0];
    if (section !== undefined) routes.set(edge.id, [section.startPoint, ...(section.bendPoints ?? []), section.endPoint]);
  }
  return { boxes, routes };
}
