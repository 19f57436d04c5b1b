import { cx } from '#ui-kit/class-names.ts';
import { lookOf, STATE_ORDER } from '#ui-kit/state-looks.ts';
import { StateIcon } from '#ui-kit/state-pill.tsx';
import type { StateCounts } from '../../../ui-api/types.ts';

/** Counts by state as one bar with its legend. */
export function StateBar({ counts }: { counts: StateCounts }) {
  const shown = STATE_ORDER.map((state) => ({ state, count: counts[state] ?? 0 })).filter(({ count }) => count > 0);
  const total = shown.reduce((sum, { count }) => sum + count, 0);
  if (total === 0) return <p className="text-ink-3">No task ran in the last 24 hours.</p>;
  return (
    <div className="flex flex-col gap-2.5">
      <div aria-hidden="true" className="flex h-2.5 gap-0.5 overflow-hidden rounded-full">
        {shown.map(({ state, count }) => (
          <span
            key={state}
            className={cx('min-w-1 rounded-[2px]', lookOf(state).isMoving && 'wl-rope')}
            style={{ flexGrow: count, flexBasis: 0, backgroundColor: lookOf(state).color }}
          />
        ))}
      </div>
      <ul className="flex flex-wrap gap-x-5 gap-y-1">
        {shown.map(({ state, count }) => (
          <li key={state} className="flex items-center gap-1.5">
            <StateIcon state={state} size={13} />
            <span className="font-medium tabular-nums">{count.toLocaleString('en')}</span>
            <span className="text-ink-3">{lookOf(state).word}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}
