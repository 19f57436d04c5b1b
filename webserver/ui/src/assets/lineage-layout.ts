/** Places assets in columns by their distance, and lines between them. Pure. */
import type { RestAssetLineage } from '../api/rest-types.ts';

export const CARD = { width: 176, height: 52, gapX: 56, gapY: 14 } as const;

export interface LineageCard {
  readonly asset: RestAssetLineage['assets'][number];
  readonly x: number;
  readonly y: number;
}

export interface LineageLine {
  readonly key: string;
  readonly from: number;
  readonly to: number;
  readonly path: string;
  /** "dag.task" of each that carries it. */
  readonly by: readonly string[];
}

export interface LineageLayout {
  readonly cards: readonly LineageCard[];
  readonly lines: readonly LineageLine[];
  readonly width: number;
  readonly height: number;
}

export function layoutLineage({ assets, edges }: RestAssetLineage): LineageLayout {
  const columns = [...new Set(assets.map((asset) => asset.distance))].toSorted((a, b) => a - b);
  const rows = new Map<number, number>();
  const tallest = Math.max(...columns.map((distance) => assets.filter((asset) => asset.distance === distance).length), 1);
  const height = tallest * (CARD.height + CARD.gapY) - CARD.gapY;
  const cards: LineageCard[] = [];
  for (const distance of orderOfColumns(columns)) {
    const column = assets.filter((asset) => asset.distance === distance);
    // Where its neighbours lie that are placed already: fewer lines cross.
    const placed = (id: number) => {
      const near = edges.flatMap((edge) =>
        edge.upstream_id === id ? [edge.downstream_id] : edge.downstream_id === id ? [edge.upstream_id] : [],
      );
      const at = near.flatMap((other) => rows.get(other) ?? []);
      return at.length === 0 ? Number.POSITIVE_INFINITY : at.reduce((sum, row) => sum + row, 0) / at.length;
    };
    const sorted = column.map((asset) => ({ asset, at: placed(asset.id) })).toSorted((a, b) => (a.at === b.at ? 0 : a.at - b.at));
    const top = (height - (sorted.length * (CARD.height + CARD.gapY) - CARD.gapY)) / 2;
    for (const [index, { asset }] of sorted.entries()) {
      const y = top + index * (CARD.height + CARD.gapY);
      rows.set(asset.id, y);
      cards.push({ asset, x: columns.indexOf(distance) * (CARD.width + CARD.gapX), y });
    }
  }
  const byId = new Map(cards.map((card) => [card.asset.id, card]));
  return { cards, lines: linesOf(edges, byId), width: columns.length * (CARD.width + CARD.gapX) - CARD.gapX, height };
}

/** From the asset outwards. */
function orderOfColumns(columns: readonly number[]): readonly number[] {
  return columns.toSorted((a, b) => Math.abs(a) - Math.abs(b));
}

function linesOf(edges: RestAssetLineage['edges'], cards: ReadonlyMap<number, LineageCard>): readonly LineageLine[] {
  const lines = new Map<string, LineageLine>();
  for (const { upstream_id: from, downstream_id: to, dag_id, task_id } of edges) {
    const [a, b] = [cards.get(from), cards.get(to)];
    if (a === undefined || b === undefined) continue;
    const key = `${from}-${to}`;
    const by = `${dag_id}.${task_id}`;
    const known = lines.get(key);
    lines.set(key, known === undefined ? { key, from, to, path: pathOf(a, b), by: [by] } : { ...known, by: [...known.by, by] });
  }
  return [...lines.values()];
}

function pathOf(a: LineageCard, b: LineageCard): string {
  const [x1, y1, x2, y2] = [a.x + CARD.width, a.y + CARD.height / 2, b.x, b.y + CARD.height / 2];
  // Back to the left, as in a cycle: out to the side and around.
  const bend = x2 > x1 ? (x2 - x1) / 2 : CARD.gapX;
  return `M ${x1} ${y1} C ${x1 + bend} ${y1}, ${x2 - bend} ${y2}, ${x2} ${y2}`;
}
