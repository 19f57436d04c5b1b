import { X } from 'lucide-react';
import { Button } from '#ui-kit/button.tsx';
import { Skeleton } from '#ui-kit/spinner.tsx';
import type { UiFrame, UiFrameColumnSummary } from '../../../ui-api/data-types.ts';
import { Facts } from '../shell/facts.tsx';
import { ColumnChart } from './column-chart.tsx';
import { shareWords, typeWords } from './column-head.tsx';
import { type FrameAddress, useColumnSummary } from './frame-requests.ts';

/** All that is known of one column. */
export function ColumnPanel({
  address,
  column,
  onClose,
}: {
  address: FrameAddress;
  column: UiFrame['columns'][number];
  onClose: () => void;
}) {
  const { data, error } = useColumnSummary(address, column.name, column.isShown);
  return (
    <section aria-label={`Column ${column.name}`} className="border-t border-line bg-sunken px-4 py-3">
      <header className="flex items-center gap-2">
        <h3 className="min-w-0 truncate font-mono text-sm font-medium">{column.name}</h3>
        <span className="text-xs text-ink-3">{typeWords(column.type)}</span>
        <span className="flex-1" />
        <Button variant="ghost" size="sm" aria-label="Close column" icon={<X size={15} />} onClick={onClose} />
      </header>
      {data !== undefined ? (
        <Summary summary={data} name={column.name} />
      ) : error !== null || !column.isShown ? (
        <p className="mt-2 text-sm text-ink-2">{error?.message ?? 'Cells of this type are not shown.'}</p>
      ) : (
        <Skeleton className="mt-2 h-20 w-full" />
      )}
    </section>
  );
}

function Summary({ summary, name }: { summary: UiFrameColumnSummary; name: string }) {
  const { rows, nulls, nans, min, max, mean, distinct, top, counts } = summary;
  const facts: [string, string][] = [
    ['Least', min ?? '–'],
    ['Greatest', max ?? '–'],
    ...(mean === null ? [] : [['Mean', mean] as [string, string]]),
    ['Nulls', `${nulls.toLocaleString('en')} (${shareWords(nulls, rows)})`],
    ...(nans === 0 ? [] : [['Not a number', nans.toLocaleString('en')] as [string, string]]),
    ...(distinct === null ? [] : [['Values', distinct.toLocaleString('en')] as [string, string]]),
    ['Rows', `${rows.toLocaleString('en')}${summary.isWhole ? '' : ', the first ones'}`],
  ];
  return (
    <div className="mt-2 grid gap-x-8 gap-y-3 md:grid-cols-[minmax(0,320px)_minmax(0,1fr)]">
      <Facts rows={facts} />
      {counts !== null ? (
        <figure className="min-w-0">
          <div className="[&_svg]:h-24">
            <ColumnChart summary={summary} label={`Histogram of ${name}`} />
          </div>
          <figcaption className="mt-1 flex justify-between gap-4 text-2xs text-ink-3 tabular-nums">
            <span className="truncate">{min}</span>
            <span className="truncate">{max}</span>
          </figcaption>
        </figure>
      ) : (
        <TopValues top={top} rows={rows} />
      )}
    </div>
  );
}

function TopValues({ top, rows }: { top: UiFrameColumnSummary['top']; rows: number }) {
  if (top.length === 0) return <p className="text-sm text-ink-3">Too many different values to count.</p>;
  return (
    <ul aria-label="Most frequent values" className="flex min-w-0 flex-col gap-1">
      {top.map(({ value, count }) => (
        <li key={value} className="relative flex justify-between gap-3 overflow-hidden rounded px-2 py-0.5 text-xs">
          <span className="absolute inset-y-0 left-0 bg-brass/20" style={{ width: `${(100 * count) / Math.max(1, rows)}%` }} />
          <span className="relative min-w-0 truncate font-mono">{value === '' ? '(empty)' : value}</span>
          <span className="relative shrink-0 text-ink-2 tabular-nums">{count.toLocaleString('en')}</span>
        </li>
      ))}
    </ul>
  );
}
