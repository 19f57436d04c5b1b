import { BaseEdge, EdgeLabelRenderer, type EdgeProps } from '@xyflow/react';
import { labelSize, type Point } from './layout.ts';

const CORNER_PX = 8;

interface RoutedEdgeData {
  readonly points: readonly Point[];
  readonly label: string | null;
  readonly isLit: boolean;
  readonly isFaded: boolean;
  readonly isMoving: boolean;
  readonly isScope: boolean;
}

/** An edge along the route that the layout found for it, with round corners. */
export function RoutedEdge({ id, data, sourceX, sourceY, targetX, targetY }: EdgeProps) {
  const { points, label, isLit, isFaded, isMoving, isScope } = data as unknown as RoutedEdgeData;
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
          ...(isScope && !isMoving ? { strokeDasharray: '1 5', strokeLinecap: 'round' } : {}),
          opacity: isFaded ? 0.3 : 1,
        }}
      />
      <path
        d={arrowPath(route)}
        fill={isLit ? 'var(--accent)' : isMoving ? 'var(--st-running)' : 'var(--line-strong)'}
        opacity={isFaded ? 0.3 : 1}
      />
      {label === null ? null : <EdgeWords text={label} at={middleOf(route)} isFaded={isFaded} />}
    </>
  );
}

/** Words in the middle of an edge, on a ground of their own. */
function EdgeWords({ text, at, isFaded }: { text: string; at: Point; isFaded: boolean }) {
  const { width, height } = labelSize(text);
  return (
    <EdgeLabelRenderer>
      <div
        title={text}
        data-edge-label={text}
        className="absolute z-[3] truncate rounded-md border border-line bg-surface px-1.5 text-center text-2xs leading-[16px] text-ink-2"
        style={{ maxWidth: width, height, opacity: isFaded ? 0.3 : 1, transform: `translate(-50%, -50%) translate(${at.x}px, ${at.y}px)` }}
      >
        {text}
      </div>
    </EdgeLabelRenderer>
  );
}

/** The middle of the longest straight part: there is the most room. */
function middleOf(points: readonly Point[]): Point {
  let best: readonly [Point, Point] = [points[0] as Point, points[1] as Point];
  for (let at = 1; at < points.length; at++) {
    const part = [points[at - 1] as Point, points[at] as Point] as const;
    if (lengthOf(part) > lengthOf(best)) best = part;
  }
  return { x: (best[0].x + best[1].x) / 2, y: (best[0].y + best[1].y) / 2 };
}

function lengthOf([from, to]: readonly [Point, Point]): number {
  return Math.hypot(to.x - from.x, to.y - from.y);
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
