import { BookOpen, Database, Globe, Hammer, Play } from 'lucide-react';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { cx } from '#ui-kit/class-names.ts';
import type { UiAsset } from '../../../ui-api/types.ts';
import { pages } from '../api/paths.ts';

const ROW_PX = 52;
const LINE_PX = 72;

interface Neighbour {
  readonly key: string;
  readonly to: string | null;
  readonly icon: ReactNode;
  readonly title: string;
  readonly note: ReactNode;
}

/** The asset between those who make it and those it runs or who read it. */
export function Lineage({ asset }: { asset: UiAsset }) {
  const left = makersOf(asset);
  const right = [...runsOf(asset), ...readersOf(asset)];
  const rows = Math.max(left.length, right.length, 1);
  const height = rows * ROW_PX;
  return (
    <section aria-label="Lineage" className="overflow-x-auto rounded-xl border border-line bg-sunken px-4 py-4 shadow-1">
      <div className="mx-auto flex w-fit min-w-full items-center justify-center max-sm:flex-col max-sm:gap-3">
        <Column items={left} />
        <Lines from={left.length} to={1} height={height} className={left.length === 0 ? 'opacity-0' : ''} />
        <div className="flex w-[210px] shrink-0 flex-col items-center gap-1.5 rounded-xl border border-accent-line bg-accent-soft px-4 py-3 text-center">
          <Database size={18} className="text-accent-strong" />
          <span className="max-w-full truncate font-semibold" title={asset.name}>
            {asset.name}
          </span>
        </div>
        <Lines from={1} to={right.length} height={height} className={right.length === 0 ? 'opacity-0' : ''} />
        {right.length === 0 ? <p className="w-[230px] text-xs text-ink-3">No DAG waits for it or reads it.</p> : <Column items={right} />}
      </div>
    </section>
  );
}

function makersOf(asset: UiAsset): readonly Neighbour[] {
  const makers = asset.producers.map(({ dagId, taskId }) => ({
    key: `${dagId}/${taskId}`,
    to: pages.dag(dagId),
    icon: <Hammer size={13} />,
    title: dagId,
    note: taskId,
  }));
  if (makers.length > 0) return makers;
  const note = asset.watch === null ? 'REST, by hand' : `watched: ${asset.watch}`;
  return [{ key: 'outside', to: null, icon: <Globe size={13} />, title: 'From outside', note }];
}

function runsOf(asset: UiAsset): readonly Neighbour[] {
  return asset.waits.map(({ dagId, isPaused, wait }) => ({
    key: `runs/${dagId}`,
    to: pages.dag(dagId),
    icon: <Play size={13} />,
    title: dagId,
    note: isPaused ? (
      'paused'
    ) : wait.total === 1 ? (
      wait.isEach ? (
        'runs on every event'
      ) : (
        'runs on events'
      )
    ) : (
      <span className="tabular-nums">
        {wait.ready} of {wait.total} assets ready
      </span>
    ),
  }));
}

function readersOf(asset: UiAsset): readonly Neighbour[] {
  return asset.readers.map(({ dagId, taskId }) => ({
    key: `reads/${dagId}/${taskId}`,
    to: pages.dag(dagId),
    icon: <BookOpen size={13} />,
    title: dagId,
    note: `${taskId} reads`,
  }));
}

function Column({ items }: { items: readonly Neighbour[] }) {
  return (
    <ul className="flex w-[230px] shrink-0 flex-col">
      {items.map((item) => (
        <li key={item.key} className="flex items-center" style={{ height: ROW_PX }}>
          <NeighbourCard item={item} />
        </li>
      ))}
    </ul>
  );
}

function NeighbourCard({ item }: { item: Neighbour }) {
  const look = 'flex h-11 w-full min-w-0 items-center gap-2.5 rounded-lg border border-line bg-surface px-3 shadow-1';
  const inside = (
    <>
      <span className="shrink-0 text-ink-3">{item.icon}</span>
      <span className="flex min-w-0 flex-col leading-tight">
        <span className="truncate text-sm font-medium" title={item.title}>
          {item.title}
        </span>
        <span className="truncate text-2xs text-ink-3">{item.note}</span>
      </span>
    </>
  );
  if (item.to === null) return <div className={cx(look, 'border-dashed')}>{inside}</div>;
  return (
    <Link to={item.to} className={cx(look, 'transition-colors hover:border-line-strong')}>
      {inside}
    </Link>
  );
}

/** Curves from each row of one side to each row of the other. */
function Lines({ from, to, height, className }: { from: number; to: number; height: number; className: string }) {
  const middle = (index: number, count: number) => height / 2 + (index - (count - 1) / 2) * ROW_PX;
  const curves = Array.from({ length: from }, (_, a) =>
    Array.from({ length: to }, (_unused, b) => [middle(a, from), middle(b, to)] as const),
  ).flat();
  return (
    <svg aria-hidden="true" width={LINE_PX} height={height} className={cx('shrink-0 text-line-strong max-sm:hidden', className)}>
      {curves.map(([y1, y2]) => (
        <path
          key={`${y1}-${y2}`}
          d={`M 0 ${y1} C ${LINE_PX / 2} ${y1}, ${LINE_PX / 2} ${y2}, ${LINE_PX} ${y2}`}
          fill="none"
          stroke="currentColor"
          strokeWidth={1.5}
        />
      ))}
    </svg>
  );
}
