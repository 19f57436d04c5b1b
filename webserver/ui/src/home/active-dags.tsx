import { FileCode2 } from 'lucide-react';
import { Link } from 'react-router';
import { EmptyState } from '#ui-kit/empty-state.tsx';
import { TimeAgo } from '#ui-kit/time.tsx';
import type { UiDagCard } from '../../../ui-api/types.ts';
import { pages } from '../api/paths.ts';
import { scheduleInWords } from '../dag/schedule-words.ts';
import { RunBars } from '../run/run-bars.tsx';

/** The first DAGs of the list with their last runs and what comes next. */
export function ActiveDags({ dags }: { dags: readonly UiDagCard[] }) {
  if (dags.length === 0)
    return (
      <EmptyState icon={<FileCode2 size={20} />} title="No DAGs yet">
        Save a TypeScript file that exports a DAG into the <code className="font-mono text-xs">dags</code> folder.
      </EmptyState>
    );
  return (
    <ul className="divide-y divide-line">
      {dags.map((dag) => (
        <li key={dag.dagId} className="flex items-center gap-4 px-4 py-2 hover:bg-hover">
          <div className="min-w-0 flex-1">
            <Link to={pages.dag(dag.dagId)} className="block truncate font-medium hover:underline" title={dag.dagId}>
              {dag.displayName}
            </Link>
            <p className="truncate text-xs text-ink-3">{scheduleInWords(dag.scheduleSummary)}</p>
          </div>
          <RunBars runs={dag.recentRuns} heightPx={24} />
          <span className="w-[72px] shrink-0 text-right text-xs text-ink-3 max-sm:hidden">
            {dag.isPaused ? 'Paused' : <TimeAgo iso={dag.nextRunAfter} />}
          </span>
        </li>
      ))}
    </ul>
  );
}
