import { Link } from 'react-router';
import { cx } from '#ui-kit/class-names.ts';
import { lookOf } from '#ui-kit/state-looks.ts';
import { formatDuration, formatLocalShort } from '#ui-kit/time-format.ts';
import { Tooltip } from '#ui-kit/tooltip.tsx';
import { useNow } from '#ui-kit/use-now.ts';
import type { UiRunSummary } from '../../../ui-api/types.ts';
import { pages } from '../api/paths.ts';
import { RunHint } from '../run/run-bars.tsx';

const HEIGHT_PX = 132;
/** From here on the bars reach the left edge, and the oldest one's time is said there. */
const FULL_WIDTH_RUNS = 30;

/** How long a run took or has been taking, without the time it waited in the queue. */
export function runSpanMs(run: UiRunSummary, nowMs: number): number {
  if (run.startedAt === null) return 0;
  return (run.endedAt === null ? nowMs : Date.parse(run.endedAt)) - Date.parse(run.startedAt);
}

/** The middle one of some numbers; 0 for none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}

/** Runs as bars, newest right: height is duration, colour is state, the dashed line is the median of good runs. */
export function DurationChart({ runs }: { runs: readonly UiRunSummary[] }) {
  const now = useNow();
  const spans = runs.map((run) => runSpanMs(run, now));
  const topMs = Math.max(1, ...spans) * 1.06;
  const typicalMs = median(spans.filter((_, index) => runs[index]?.state === 'success'));
  return (
    <div className="flex gap-3">
      <div
        aria-hidden="true"
        className="flex shrink-0 flex-col justify-between pb-[22px] text-right text-2xs text-ink-3 tabular-nums"
        style={{ height: HEIGHT_PX + 22 }}
      >
        <span className="-translate-y-1/2">{formatDuration(topMs)}</span>
        <span className="translate-y-1/2">0</span>
      </div>
      <div className="min-w-0 flex-1">
        <div className="relative border-b border-line" style={{ height: HEIGHT_PX }}>
          <div className="absolute inset-x-0 top-0 border-t border-line/60" />
          <div className="absolute inset-x-0 top-1/2 border-t border-line/60" />
          {typicalMs === 0 ? null : (
            <div
              className="absolute inset-x-0 z-[1] border-t border-dashed border-ink-3/60"
              style={{ bottom: `${(typicalMs / topMs) * 100}%` }}
            >
              <span className="absolute left-0 bottom-0.5 z-[1] rounded bg-surface/90 px-1 text-2xs text-ink-3 tabular-nums">
                median {formatDuration(typicalMs)}
              </span>
            </div>
          )}
          <div className="absolute inset-0 flex items-end justify-end gap-[3px]">
            {runs.map((run, index) => (
              <Tooltip key={run.runId} content={<RunHint run={run} />} className="flex h-full max-w-[26px] min-w-[3px] flex-1 items-end">
                <Link
                  to={pages.run(run.dagId, run.runId)}
                  aria-label={`Run ${run.runId}: ${lookOf(run.state).word}`}
                  className={cx('w-full rounded-t-[3px] transition-opacity hover:opacity-70', run.state === 'running' && 'wl-rope')}
                  style={{ height: `max(4px, ${((spans[index] ?? 0) / topMs) * 100}%)`, backgroundColor: lookOf(run.state).color }}
                />
              </Tooltip>
            ))}
          </div>
        </div>
        <div className="flex justify-between pt-1 text-2xs text-ink-3 tabular-nums">
          <span>{runs.length >= FULL_WIDTH_RUNS ? formatLocalShort(runs[0]?.runAfter ?? '') : null}</span>
          <span>{formatLocalShort(runs.at(-1)?.runAfter ?? '')}</span>
        </div>
      </div>
    </div>
  );
}
