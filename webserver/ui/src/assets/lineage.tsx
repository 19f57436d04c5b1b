import { BookOpen, Database, Globe, Hammer, Play } from 'lucide-react';
import { Fragment, type ReactNode } from 'react';
import { Link } from 'react-router';
import { cx } from '#ui-kit/class-names.ts';
import type { UiAsset, UiAssetName } from '../../../ui-api/asset-types.ts';
import { pages } from '../api/paths.ts';

const ROW_PX = 52;
const LINE_PX = 44;

interface Neighbour {
  readonly key: string;
  readonly to: string | null;
  readonly icon: ReactNode;
  readonly title: string;
  readonly note: ReactNode;
}

interface Rank {
  readonly key: string;
  /** Read to those who see no picture, and on phones. */
  readonly label: string;
  readonly items: readonly Neighbour[];
  readonly note?: string;
}

/** The asset between what it is made of, who makes it, those it runs or who read it, and what is made of it. */
export function Lineage({ asset }: { asset: UiAsset }) {
  const right = [...runsOf(asset), ...readersOf(asset)];
  const ranks: readonly Rank[] = [
    { key: 'upstream', label: 'Made of', items: assetsOf(asset.upstream) },
    { key: 'makers', label: 'Made by', items: makersOf(asset) },
    { key: 'self', label: asset.name, items: [] },
    { key: 'right', label: 'Runs and readers', items: right, note: 'No DAG waits for it or reads it.' },
    { key: 'downstream', label: 'Goes into', items: assetsOf(asset.downstream) },
  ];
  const shown = ranks.filter((rank) => rank.key === 'self' || rank.items.length > 0 || (rank.note && asset.downstream.length === 0));
  const height = Math.max(1, ...shown.map((rank) => rank.items.length)) * ROW_PX;
  return (
    <section aria-label="Lineage" className="overflow-x-auto rounded-xl border border-line bg-sunken px-4 py-4 shadow-1">
      <div className="mx-auto flex w-full items-center justify-center max-sm:flex-col max-sm:items-stretch max-sm:gap-3">
        {shown.map((rank, index) => {
          const before = shown[index - 1];
          return (
            <Fragment key={rank.key}>
              {before === undefined ? null : <Lines from={countOf(before)} to={countOf(rank)} height={height} />}
              {rank.key === 'self' ? <Self name={asset.name} /> : <Column rank={rank} />}
            </Fragment>
          );
        })}
      </div>
    </section>
  );
}

const countOf = (rank: Rank): number => (rank.key === 'self' ? 1 : rank.items.length);

function Self({ name }: { name: string }) {
  return (
    <div className="flex w-[190px] min-w-[132px] flex-col items-center gap-1.5 rounded-xl border border-accent-line bg-accent-soft px-4 py-3 text-center max-sm:w-full">
      <Database size={18} className="text-accent-strong" />
      <span className="max-w-full truncate font-semibold" title={name}>
        {name}
      </span>
    </div>
  );
}

function assetsOf(names: readonly UiAssetName[]): readonly Neighbour[] {
  return names.map(({ assetId, name }) => ({
    key: `asset/${assetId}`,
    to: pages.asset(assetId),
    icon: <Database size={13} className="text-accent-strong" />,
    title: name,
    note: 'asset',
  }));
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

function Column({ rank }: { rank: Rank }) {
  if (rank.items.length === 0) return <p className="w-[190px] min-w-[132px] text-xs text-ink-3">{rank.note}</p>;
  return (
    <div className="w-[190px] min-w-[132px] max-sm:w-full">
      <h3 className="mb-1 hidden text-2xs font-medium text-ink-3 max-sm:block">{rank.label}</h3>
      <ul aria-label={rank.label} className="flex flex-col">
        {rank.items.map((item) => (
          <li key={item.key} className="flex items-center" style={{ height: ROW_PX }}>
            <NeighbourCard item={item} />
          </li>
        ))}
      </ul>
    </div>
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
function Lines({ from, to, height }: { from: number; to: number; height: number }) {
  const middle = (index: number, count: number) => height / 2 + (index - (count - 1) / 2) * ROW_PX;
  const curves = Array.from({ length: from }, (_, a) =>
    Array.from({ length: to }, (_unused, b) => [middle(a, from), middle(b, to)] as const),
  ).flat();
  return (
    <svg aria-hidden="true" width={LINE_PX} height={height} className="shrink-0 text-line-strong max-sm:hidden">
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
