import type { UseQueryResult } from '@tanstack/react-query';
import { Skeleton } from '#ui-kit/spinner.tsx';
import { Instant } from '#ui-kit/time.tsx';
import type { BackfillDates } from './backfill-requests.ts';

const SHOWN = 100;

/** The dates a dry run names, in the order of running; or why there are none. */
export function BackfillDateList({ dates }: { dates: UseQueryResult<BackfillDates> }) {
  if (dates.error !== null)
    return (
      <p role="alert" className="rounded-lg border border-danger-line bg-danger-soft px-3.5 py-2.5 break-words">
        {dates.error.message}
      </p>
    );
  if (dates.data === undefined) return dates.isFetching ? <Skeleton className="h-24 w-full" /> : null;
  const { backfills, total_entries: total } = dates.data;
  if (total === 0)
    return <p className="rounded-lg border border-line bg-sunken px-3.5 py-3 text-ink-3">Every date of this range has a run already.</p>;
  return (
    <div className={dates.isPlaceholderData ? 'opacity-50' : ''}>
      <p className="mb-1.5 text-xs font-medium text-ink-2">
        {total.toLocaleString('en')} {total === 1 ? 'run' : 'runs'}, in this order
      </p>
      <ol aria-label="Dates that would run" className="max-h-44 divide-y divide-line overflow-y-auto rounded-lg border border-line">
        {backfills.slice(0, SHOWN).map(({ logical_date: date }, index) => (
          <li key={date} className="flex h-7 items-center gap-3 px-3 text-xs tabular-nums">
            <span className="w-8 text-right text-ink-3">{index + 1}</span>
            <Instant iso={date} />
          </li>
        ))}
        {total > SHOWN ? <li className="px-3 py-1.5 text-xs text-ink-3">and {(total - SHOWN).toLocaleString('en')} more</li> : null}
      </ol>
    </div>
  );
}
