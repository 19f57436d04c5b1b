import { useLayoutEffect, useRef, useState } from 'react';
import type { Overview } from '../../../api/types.ts';

type Bucket = Overview['throughput'][number];

const HEIGHT = 178;
const BOTTOM = 20;
const LEFT = 30;
const TOP = 8;
const GAP = 2;
/** Below this width of a minute, every second time label is left out. */
const MIN_LABEL_STEP = 6;

/** Attempts that ended in each minute of the last hour, failures on top in red. Hover names the minute. */
export function ThroughputChart({ buckets }: { buckets: readonly Bucket[] }) {
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box);
  const [hovered, setHovered] = useState<number | null>(null);
  const highest = Math.max(0, ...buckets.map((bucket) => bucket.succeeded + bucket.failed));
  const ticks = ticksUpTo(highest);
  const top = ticks.at(-1) ?? 1;
  const plot = HEIGHT - BOTTOM - TOP;
  const y = (count: number) => TOP + plot - (count / top) * plot;
  const step = Math.max(1, (width - LEFT) / Math.max(1, buckets.length));
  const everyMinutes = step < MIN_LABEL_STEP ? 20 : 10;
  const bucket = hovered === null ? undefined : buckets[hovered];
  return (
    <div ref={box} className="relative">
      <svg
        width={width}
        height={HEIGHT}
        role="img"
        aria-label="Tasks ended per minute over the last hour"
        className="block"
        onPointerMove={(event) => {
          const index = Math.floor((event.clientX - event.currentTarget.getBoundingClientRect().left - LEFT) / step);
          setHovered(index >= 0 && index < buckets.length ? index : null);
        }}
        onPointerLeave={() => setHovered(null)}
      >
        <HalfDone />
        {ticks.map((tick) => (
          <g key={tick}>
            <line x1={LEFT} x2={width} y1={y(tick)} y2={y(tick)} stroke="var(--line)" strokeDasharray={tick === 0 ? undefined : '2 3'} />
            <text x={LEFT - 8} y={y(tick) + 3.5} textAnchor="end" fontSize={10.5} fill="var(--ink-3)">
              {tick}
            </text>
          </g>
        ))}
        {buckets.map((one, index) => (
          <Bar
            key={one.at}
            bucket={one}
            x={LEFT + index * step}
            width={step - GAP}
            y={y}
            isLast={index === buckets.length - 1}
            isHovered={index === hovered}
          />
        ))}
        {buckets.map((one, index) => {
          const place = index === 0 ? 'first' : index === buckets.length - 1 ? 'last' : 'between';
          if (place === 'between' && (buckets.length - 1 - index) % everyMinutes !== 0) return null;
          return (
            <TimeLabel key={one.at} at={one.at} x={LEFT + (index + { first: 0, between: 0.5, last: 1 }[place]) * step} place={place} />
          );
        })}
      </svg>
      {bucket === undefined || hovered === null ? null : (
        <div
          className="pointer-events-none absolute top-0 z-10 -translate-x-1/2 rounded-lg border border-line bg-raised px-2.5 py-1.5 text-xs whitespace-nowrap shadow-2"
          style={{ left: Math.min(Math.max(LEFT + hovered * step, 70), width - 70) }}
        >
          <p className="text-ink-3 tabular-nums">{clock(bucket.at)}</p>
          <p className="tabular-nums">
            {bucket.succeeded} succeeded
            {bucket.failed > 0 ? <span className="text-danger">, {bucket.failed} failed</span> : null}
          </p>
        </div>
      )}
    </div>
  );
}

/** Strands over the minute that is not over yet. */
function HalfDone() {
  return (
    <defs>
      <pattern id="wl-unfinished" width={6} height={6} patternUnits="userSpaceOnUse" patternTransform="rotate(-45)">
        <rect width={3} height={6} fill="var(--st-success)" />
      </pattern>
    </defs>
  );
}

function Bar({
  bucket,
  x,
  width,
  y,
  isLast,
  isHovered,
}: {
  bucket: Bucket;
  x: number;
  width: number;
  y: (count: number) => number;
  isLast: boolean;
  isHovered: boolean;
}) {
  const base = y(0);
  const middle = y(bucket.succeeded);
  const end = y(bucket.succeeded + bucket.failed);
  const radius = Math.min(2, width / 3);
  return (
    <g opacity={isHovered ? 1 : 0.82}>
      {bucket.succeeded > 0 ? (
        <rect
          x={x}
          y={middle}
          width={Math.max(1, width)}
          height={base - middle}
          rx={bucket.failed > 0 ? 0 : radius}
          fill={isLast ? 'url(#wl-unfinished)' : 'var(--st-success)'}
        />
      ) : null}
      {bucket.failed > 0 ? (
        <rect x={x} y={end} width={Math.max(1, width)} height={Math.max(1.5, middle - end)} rx={radius} fill="var(--st-failed)" />
      ) : null}
    </g>
  );
}

function TimeLabel({ at, x, place }: { at: string; x: number; place: 'first' | 'last' | 'between' }) {
  const anchor = ({ first: 'start', last: 'end', between: 'middle' } as const)[place];
  return (
    <text x={x} y={HEIGHT - 5} textAnchor={anchor} fontSize={10.5} fill="var(--ink-3)">
      {place === 'last' ? 'now' : clock(at)}
    </text>
  );
}

function clock(iso: string): string {
  return new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' }).format(new Date(iso));
}

/** Three or four round numbers from nought past the highest. */
function ticksUpTo(highest: number): readonly number[] {
  const rough = Math.max(1, highest) / 3;
  const magnitude = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(1, ([1, 2, 2.5, 5, 10].find((factor) => factor * magnitude >= rough) ?? 10) * magnitude);
  const round = Math.ceil(step);
  return Array.from({ length: Math.ceil(Math.max(1, highest) / round) + 1 }, (_, index) => index * round);
}

function useWidth(box: React.RefObject<HTMLDivElement | null>): number {
  const [width, setWidth] = useState(600);
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    const observer = new ResizeObserver(() => setWidth(element.clientWidth));
    observer.observe(element);
    setWidth(element.clientWidth);
    return () => observer.disconnect();
  }, [box]);
  return width;
}
