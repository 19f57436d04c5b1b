import { Link } from 'react-router';
import { StateIcon } from '#ui-kit/state-pill.tsx';
import { Duration, TimeAgo } from '#ui-kit/time.tsx';
import type { UiRunSummary } from '../../../ui-api/types.ts';
import { pages } from '../api/paths.ts';

/** Failed runs with the reason where there is one. */
export function FailureList({ runs, showsDag = true }: { runs: readonly UiRunSummary[]; showsDag?: boolean }) {
  return (
    <ul className="divide-y divide-line">
      {runs.map((run) => (
        <li key={`${run.dagId}/${run.runId}`} className="flex items-start gap-3 px-4 py-2.5 hover:bg-hover">
          <span className="mt-[3px]">
            <StateIcon state={run.state} isLabelled />
          </span>
          <div className="min-w-0 flex-1">
            <p className="flex min-w-0 items-baseline gap-2">
              {showsDag ? (
                <Link to={pages.dag(run.dagId)} className="shrink-0 font-medium hover:underline">
                  {run.dagId}
                </Link>
              ) : null}
              <Link
                to={pages.run(run.dagId, run.runId)}
                className={
                  showsDag
                    ? 'truncate font-mono text-2xs text-ink-3 hover:text-ink hover:underline'
                    : 'truncate font-mono text-xs hover:underline'
                }
              >
                {run.runId}
              </Link>
            </p>
            {run.reason === null ? null : (
              <p className="truncate text-ink-2" title={run.reason}>
                {run.reason}
              </p>
            )}
          </div>
          <div className="shrink-0 text-right text-xs text-ink-3">
            <p>
              <TimeAgo iso={run.endedAt ?? run.startedAt} />
            </p>
            <p className="max-sm:hidden">
              <Duration from={run.startedAt} to={run.endedAt} />
            </p>
          </div>
        </li>
      ))}
    </ul>
  );
}
