import { Link } from 'react-router';
import { cx } from '#ui-kit/class-names.ts';
import { lookOf } from '#ui-kit/state-looks.ts';
import { StatePill } from '#ui-kit/state-pill.tsx';
import { Duration, TimeAgo } from '#ui-kit/time.tsx';
import { Tooltip } from '#ui-kit/tooltip.tsx';
import type { UiRunSummary } from '../../../ui-api/types.ts';
import { pages } from '../api/paths.ts';

const SLOTS = 14;
const LEAST_HEIGHT_PX = 5;

function spanMs(run: UiRunSummary): number {
  if (run.startedAt === null) return 0;
  return (run.endedAt === null ? Date.now() : Date.parse(run.endedAt)) - Date.parse(run.startedAt);
}

/** The last runs of a DAG as bars: height is duration, colour is state, hover tells both in words. */
export function RunBars({ runs, heightPx = 26 }: { runs: readonly UiRunSummary[]; heightPx?: number }) {
  const longestMs = Math.max(1, ...runs.map(spanMs));
  const empty = Math.max(0, SLOTS - runs.length);
  return (
    <div role="list" aria-label="Last runs" className="flex items-end gap-[3px]" style={{ height: heightPx }}>
      {Array.from({ length: empty }, (_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: empty places have no identity
        <span key={index} className="w-[6px] rounded-[2px] bg-press" style={{ height: LEAST_HEIGHT_PX }} />
      ))}
      {runs.map((run) => (
        <span role="listitem" key={run.runId} className="flex h-full items-end">
          <Tooltip content={<RunHint run={run} />} className="flex h-full items-end">
            <Link
              to={pages.run(run.dagId, run.runId)}
              aria-label={`Run ${run.runId}: ${lookOf(run.state).word}`}
              className="flex h-full items-end"
            >
              <span
                className={cx('w-[6px] rounded-[2px] transition-opacity hover:opacity-70', run.state === 'running' && 'wl-rope')}
                style={{
                  height: Math.round(LEAST_HEIGHT_PX + (heightPx - LEAST_HEIGHT_PX) * Math.sqrt(spanMs(run) / longestMs)),
                  backgroundColor: lookOf(run.state).color,
                }}
              />
            </Link>
          </Tooltip>
        </span>
      ))}
    </div>
  );
}

/** What a hover over a run tells. */
export function RunHint({ run }: { run: UiRunSummary }) {
  return (
    <span className="flex flex-col gap-1">
      <span className="flex items-center gap-2">
        <StatePill state={run.state} size="sm" />
        <Duration from={run.startedAt} to={run.endedAt} />
      </span>
      <span className="font-mono text-2xs break-all text-ink-2">{run.runId}</span>
      <span className="text-ink-3">
        <TimeAgo iso={run.startedAt ?? run.queuedAt} />
      </span>
    </span>
  );
}
