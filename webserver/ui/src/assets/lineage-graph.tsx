import { Database } from 'lucide-react';
import { useEffect, useMemo, useRef, useState } from 'react';
import { Link } from 'react-router';
import { cx } from '#ui-kit/class-names.ts';
import { counted } from '#ui-kit/counted.ts';
import { ErrorPanel } from '#ui-kit/error-panel.tsx';
import { Select } from '#ui-kit/fields.tsx';
import { Skeleton } from '#ui-kit/spinner.tsx';
import { pages } from '../api/paths.ts';
import type { RestAssetLineage } from '../api/rest-types.ts';
import { useUrlState } from '../shell/url-state.ts';
import { useAssetLineage } from './asset-requests.ts';
import { CARD, type LineageCard, type LineageLine, layoutLineage } from './lineage-layout.ts';

const DEPTHS = [1, 2, 3, 5, 20] as const;

/** What the asset is made of and what is made of it, step by step, with the tasks between. */
export function LineageGraph({ assetId }: { assetId: number }) {
  const [params, setParams] = useUrlState();
  const depth = DEPTHS.find((one) => String(one) === params.get('depth')) ?? 3;
  const lineage = useAssetLineage(assetId, depth);
  if (lineage.error !== null) return <ErrorPanel error={lineage.error} onRetry={() => void lineage.refetch()} />;
  if (lineage.data === undefined) return <Skeleton className="h-48 w-full rounded-xl" />;
  const { assets, is_whole: isWhole } = lineage.data;
  return (
    <section aria-label="Lineage over several steps" className="flex flex-col gap-2">
      <div className="flex flex-wrap items-center justify-between gap-2 text-xs text-ink-3">
        <span>
          {counted(assets.length - 1, 'other asset')}
          {isWhole ? '' : ', and more beyond'}
        </span>
        <Select aria-label="Steps" value={String(depth)} onChange={(event) => setParams({ depth: event.target.value })} className="w-36">
          {DEPTHS.map((one) => (
            <option key={one} value={one}>
              {one === 20 ? 'all steps' : counted(one, 'step')}
            </option>
          ))}
        </Select>
      </div>
      {assets.length < 2 ? (
        <p className="rounded-xl border border-line bg-surface p-6 text-center text-sm text-ink-3">
          No version says that it was made of another asset, or another one of it. A task says so with its inlets and outlets.
        </p>
      ) : (
        <Drawing lineage={lineage.data} assetId={assetId} />
      )}
    </section>
  );
}

function Drawing({ lineage, assetId }: { lineage: RestAssetLineage; assetId: number }) {
  const [hovered, setHovered] = useState<number | null>(null);
  const layout = useMemo(() => layoutLineage(lineage), [lineage]);
  const lit = useMemo(() => (hovered === null ? null : pathsThrough(layout.lines, hovered)), [layout, hovered]);
  const frame = useRef<HTMLDivElement>(null);
  // The asset itself is in sight at first.
  useEffect(() => {
    const own = layout.cards.find((card) => card.asset.id === assetId);
    const element = frame.current;
    if (own !== undefined && element !== null) element.scrollLeft = own.x + CARD.width / 2 - element.clientWidth / 2;
  }, [layout, assetId]);
  return (
    <div ref={frame} className="overflow-auto rounded-xl border border-line bg-sunken p-5 shadow-1">
      <div className="relative mx-auto" style={{ width: layout.width, height: layout.height }}>
        <svg aria-hidden="true" width={layout.width} height={layout.height} className="absolute inset-0 overflow-visible">
          {layout.lines.map((line) => {
            const isLit = lit === null ? null : lit.has(line.from) && lit.has(line.to);
            return (
              <path
                key={line.key}
                d={line.path}
                fill="none"
                stroke={isLit === true ? 'var(--accent)' : 'var(--line-strong)'}
                strokeWidth={isLit === true ? 2 : 1.5}
                opacity={isLit === false ? 0.3 : 1}
              />
            );
          })}
        </svg>
        <ul aria-label="Assets">
          {layout.cards.map((card) => (
            <Card
              key={card.asset.id}
              card={card}
              isOwn={card.asset.id === assetId}
              isFaded={lit !== null && !lit.has(card.asset.id)}
              by={layout.lines.filter((line) => line.to === card.asset.id).flatMap((line) => line.by)}
              onHover={setHovered}
            />
          ))}
        </ul>
      </div>
    </div>
  );
}

interface CardProps {
  readonly card: LineageCard;
  readonly isOwn: boolean;
  readonly isFaded: boolean;
  readonly by: readonly string[];
  readonly onHover: (assetId: number | null) => void;
}

function Card({ card: { asset, x, y }, isOwn, isFaded, by, onHover }: CardProps) {
  const makers = [...new Set(by)];
  const note = makers.length === 0 ? asset.group : makers.length === 1 ? `by ${makers[0]}` : `by ${makers.length} tasks`;
  return (
    <li className="absolute" style={{ left: x, top: y, width: CARD.width, height: CARD.height }}>
      <Link
        to={pages.asset(asset.id, '?show=lineage')}
        title={[asset.uri, ...makers].join('\n')}
        onMouseEnter={() => onHover(asset.id)}
        onMouseLeave={() => onHover(null)}
        className={cx(
          'flex h-full w-full min-w-0 items-center gap-2.5 rounded-lg border px-3 shadow-1 transition-[border-color,opacity]',
          isOwn ? 'border-accent-line bg-accent-soft' : 'border-line bg-surface hover:border-line-strong',
          asset.is_active ? '' : 'border-dashed',
          isFaded ? 'opacity-40' : '',
        )}
      >
        <Database size={14} className="shrink-0 text-accent-strong" />
        <span className="flex min-w-0 flex-col leading-tight">
          <span className="truncate text-sm font-medium">{asset.name}</span>
          <span className="truncate text-2xs text-ink-3">{note}</span>
        </span>
      </Link>
    </li>
  );
}

/** All assets on the ways that lead to it and away from it. */
function pathsThrough(lines: readonly LineageLine[], assetId: number): ReadonlySet<number> {
  const found = new Set([assetId]);
  for (const [from, to] of [
    ['to', 'from'],
    ['from', 'to'],
  ] as const) {
    const todo = [assetId];
    const seen = new Set(todo);
    for (let at = todo.pop(); at !== undefined; at = todo.pop())
      for (const line of lines)
        if (line[from] === at && !seen.has(line[to])) {
          seen.add(line[to]);
          found.add(line[to]);
          todo.push(line[to]);
        }
  }
  return found;
}
