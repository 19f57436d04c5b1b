import { lookOf, STATE_ORDER } from '#ui-kit/state-looks.ts';
import { StateIcon } from '#ui-kit/state-pill.tsx';
import type { UiGrid } from '../../../ui-api/types.ts';

/** The states that are on the grid right now. */
export function StateLegend({ grid }: { grid: UiGrid }) {
  const present = new Set(Object.values(grid.cells).flatMap((cells) => cells.map((cell) => cell?.state)));
  return (
    <ul aria-label="Legend" className="hidden flex-wrap gap-x-3.5 gap-y-1 text-xs text-ink-3 lg:flex">
      {STATE_ORDER.filter((state) => present.has(state as never)).map((state) => (
        <li key={state} title={lookOf(state).meaning} className="flex items-center gap-1">
          <StateIcon state={state} size={12} />
          {lookOf(state).word}
        </li>
      ))}
    </ul>
  );
}
