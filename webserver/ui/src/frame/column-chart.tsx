import { cx } from '#ui-kit/class-names.ts';
import type { UiFrameColumnSummary } from '../../../ui-api/data-types.ts';

const WIDTH = 120;
const HEIGHT = 30;
const GAP = 1;

/** How the values of a column are spread: bars of a scale, or the shares of the most frequent words. */
export function ColumnChart({ summary, label }: { summary: UiFrameColumnSummary; label: string }) {
  if (summary.counts !== null) return <Histogram counts={summary.counts} label={label} />;
  return summary.top.length > 0 ? <Shares summary={summary} label={label} /> : <div className="h-[30px]" />;
}

function Histogram({ counts, label }: { counts: readonly number[]; label: string }) {
  const most = Math.max(1, ...counts);
  const step = WIDTH / counts.length;
  return (
    <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" className="h-[30px] w-full" role="img" aria-label={label}>
      {counts.map((count, part) => {
        // A single value among a million is still to be seen.
        const height = count === 0 ? 0 : Math.max(1.5, (count / most) * (HEIGHT - 1));
        return (
          <rect
            // biome-ignore lint/suspicious/noArrayIndexKey: parts of a scale are known by their place
            key={part}
            x={part * step}
            width={step - GAP}
            y={HEIGHT - height}
            height={height}
            className="fill-brass"
          />
        );
      })}
      <rect x={0} y={HEIGHT - 0.5} width={WIDTH} height={0.5} className="fill-line-strong" />
    </svg>
  );
}

const TONES = [
  'bg-brass',
  'bg-brass/70',
  'bg-brass/50',
  'bg-brass/35',
  'bg-brass/25',
  'bg-brass/20',
  'bg-brass/15',
  'bg-brass/10',
] as const;

function Shares({ summary, label }: { summary: UiFrameColumnSummary; label: string }) {
  const [first] = summary.top;
  return (
    <div className="flex h-[30px] flex-col justify-end gap-1" role="img" aria-label={label}>
      <p className="truncate text-2xs text-ink-2">{first?.value === '' ? <span className="text-ink-3">(empty)</span> : first?.value}</p>
      <div className="flex h-2.5 gap-px overflow-hidden rounded-[2px] bg-hover">
        {summary.top.map(({ value, count }, rank) => (
          <span
            key={value}
            title={`${value}: ${count.toLocaleString('en')}`}
            className={cx('h-full', TONES[rank])}
            style={{ width: `${(100 * count) / Math.max(1, summary.rows)}%` }}
          />
        ))}
      </div>
    </div>
  );
}
