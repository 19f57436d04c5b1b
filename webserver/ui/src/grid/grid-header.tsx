import { cx } from '#ui-kit/class-names.ts';
import { lookOf } from '#ui-kit/state-looks.ts';
import { formatDuration } from '#ui-kit/time-format.ts';
import { Tooltip } from '#ui-kit/tooltip.tsx';
import { useNow } from '#ui-kit/use-now.ts';
import type { UiRunSummary } from '../../../ui-api/types.ts';
import { runSpanMs } from '../dag/duration-chart.tsx';
import { RunHint } from '../run/run-bars.tsx';
import { RunTypeIcon } from '../run/run-facts.tsx';
import { BAR_PX, CELL_PX, DAY_PX, HEADER_PX, ICON_PX } from './grid-measures.ts';

/** A day's label is this many columns wide; a later one must not run into it. */
const LABEL_COLUMNS = 2;

const dayFormat = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });

/** Run columns: the day where it changes, a bar as tall as the run was long, the run's type when it is not the schedule's. */
export function GridHeader({
  runs,
  selectedRunId,
  onSelect,
}: {
  runs: readonly UiRunSummary[];
  selectedRunId: string | null;
  onSelect: (runId: string) => void;
}) {
  const now = useNow();
  const longestMs = Math.max(1, ...runs.map((run) => runSpanMs(run, now)));
  const days = dayLabels(runs);
  return (
    <div className="sticky top-0 z-[2] flex border-b border-line bg-bg" style={{ height: HEADER_PX }}>
      <div
        className="wl-grid-label sticky left-0 z-[1] flex shrink-0 flex-col items-end justify-between border-r border-line bg-bg pr-3 text-2xs text-ink-3 tabular-nums"
        style={{ paddingTop: DAY_PX, paddingBottom: ICON_PX + 4 }}
      >
        <span className="-translate-y-1/2">{formatDuration(longestMs)}</span>
        <span className="translate-y-1/2">0</span>
      </div>
      {runs.map((run, column) => (
        <div
          key={run.runId}
          className={cx('relative flex shrink-0 flex-col', run.runId === selectedRunId && 'bg-accent-soft')}
          style={{ width: CELL_PX, marginLeft: column === 0 ? 8 : 0 }}
        >
          <span className="absolute top-0.5 left-1 text-2xs whitespace-nowrap text-ink-3">{days[column]}</span>
          <Tooltip content={<RunHint run={run} />} className="block h-full">
            <button
              type="button"
              aria-label={`Run ${run.runId}: ${lookOf(run.state).word}`}
              aria-pressed={run.runId === selectedRunId}
              onClick={() => onSelect(run.runId)}
              className="flex h-full w-full flex-col items-center focus-visible:-outline-offset-2"
              style={{ paddingTop: DAY_PX }}
            >
              <span className="flex w-full items-end justify-center" style={{ height: BAR_PX }}>
                <span
                  className={cx('w-3 rounded-t-[3px]', run.state === 'running' && 'wl-rope')}
                  style={{ height: `max(3px, ${(runSpanMs(run, now) / longestMs) * 100}%)`, backgroundColor: lookOf(run.state).color }}
                />
              </span>
              <span className="flex items-center justify-center" style={{ height: ICON_PX }}>
                {run.runType === 'scheduled' ? (
                  <span className="size-[3px] rounded-full bg-line-strong" />
                ) : (
                  <RunTypeIcon runType={run.runType} size={11} />
                )}
              </span>
            </button>
          </Tooltip>
        </div>
      ))}
      <div className="w-4 shrink-0" />
    </div>
  );
}

function dayLabels(runs: readonly UiRunSummary[]): readonly (string | null)[] {
  let lastDay = '';
  let lastColumn = -LABEL_COLUMNS;
  return runs.map((run, column) => {
    const day = dayFormat.format(new Date(run.logicalDate ?? run.runAfter));
    if (day === lastDay || column - lastColumn < LABEL_COLUMNS) return null;
    lastDay = day;
    lastColumn = column;
    return day;
  });
}
