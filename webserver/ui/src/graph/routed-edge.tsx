import { BaseEdge, type EdgeProps } from '@xyflow/react';
import type { Point } from './layout.ts';

const CORNER_PX = 8;

interface RoutedEdgeData {
  readonly points: readonly Point[];
  readonly isLit: boolean;
  readonly isFaded: boolean;
  readonly isMoving: boolean;
}

/** An edge along the route that the layout found for it, with round corners. */
export function RoutedEdge({ id, data, sourceX, sourceY, targetX, targetY }: EdgeProps) {
  const { points, isLit, isFaded, isMoving } = data as unknown as RoutedEdgeData;
  const route =
    points.length > 1
      ? points
      : [
          { x: sourceX, y: sourceY },
          { x: targetX, y: targetY },
        ];
  return (
    <>
      <BaseEdge
        id={id}
        path={roundedPath(route)}
        className={isMoving ? 'wl-edge-moving' : ''}
        style={{
          stroke: isLit ? 'var(--accent)' : isMoving ? 'var(--st-running)' : 'var(--line-strong)',
          strokeWidth: isLit || isMoving ? 1.8 : 1.4,
          opacity: isFaded ? 0.3 : 1,
        }}
      />
      <path
        d={arrowPath(route)}
        fill={isLit ? 'var(--accent)' : isMoving ? 'var(--st-running)' : 'var(--line-strong)'}
        opacity={isFaded ? 0.3 : 1}
      />
    </>
  );
}

function roundedPath(points: readonly Point[]): string {
  const [first] = points;
  if (first === undefined) return '';
  let path = `M ${first.x} ${first.y}`;
  for (let at = 1; at < points.length; at++) {
    const point = points[at] as Point;
    const next = points[at + 1];
    if (next === undefined) path += ` L ${point.x} ${point.y}`;
    else {
      const into = towards(point, points[at - 1] as Point);
      const out = towards(point, next);
      path += ` L ${into.x} ${into.y} Q ${point.x} ${point.y} ${out.x} ${out.y}`;
    }
  }
  return path;
}

/** The place where a corner begins to turn: some pixels before it, at most half the way. */
function towards(corner: Point, other: Point): Point {
  const distance = Math.hypot(other.x - corner.x, other.y - corner.y);
  if (distance === 0) return corner;
  const share = Math.min(CORNER_PX, distance / 2) / distance;
  return { x: corner.x + (other.x - corner.x) * share, y: corner.y + (other.y - corner.y) * share };
}

function arrowPath(points: readonly Point[]): string {
  const tip = points.at(-1);
  const before = points.at(-2);
  if (tip === undefined || before === undefined) return '';
  const angle = Math.atan2(tip.y - before.y, tip.x - before.x);
  const side = (turn: number) => `${tip.x - 7 * Math.cos(angle + turn)} ${tip.y - 7 * Math.sin(angle + turn)}`;
  return `M ${tip.x} ${tip.y} L ${side(0.45)} L ${side(-0.45)} Z`;
}
