/** From a run to the task that triggered it, and from a task to the runs that it triggered. */
import { CornerDownRight } from 'lucide-react';
import { Link } from 'react-router';
import { StatePill } from '#ui-kit/state-pill.tsx';
import type { UiRunLink, UiTriggeringTask } from '../../../ui-api/types.ts';
import { pages } from '../api/paths.ts';

export function TriggeringTaskLink({ task }: { task: UiTriggeringTask }) {
  const { dagId, runId, taskId, mapIndex } = task;
  return (
    <>
      Task{' '}
      <Link to={pages.task(dagId, runId, taskId, mapIndex)} className="font-medium hover:underline" title={runId}>
        {taskId}
        {mapIndex < 0 ? '' : `[${mapIndex}]`}
      </Link>{' '}
      of{' '}
      <Link to={pages.dag(dagId)} className="font-medium hover:underline">
        {dagId}
      </Link>
    </>
  );
}

/** The newest first; nothing when it triggered none. */
export function TriggeredRuns({ runs }: { runs: readonly UiRunLink[] }) {
  if (runs.length === 0) return null;
  return (
    <ul aria-label="Triggered runs" className="flex flex-col gap-1.5">
      {runs.map(({ dagId, runId, state }) => (
        <li key={`${dagId}/${runId}`} className="flex min-w-0 items-center gap-2">
          <CornerDownRight size={14} className="shrink-0 text-ink-3" />
          <StatePill state={state} />
          <span className="min-w-0 truncate">
            <Link to={pages.dag(dagId)} className="font-medium hover:underline">
              {dagId}
            </Link>
            <span className="text-ink-3"> · </span>
            <Link to={pages.run(dagId, runId)} className="font-mono text-xs hover:underline" title={runId}>
              {runId}
            </Link>
          </span>
        </li>
      ))}
    </ul>
  );
}
