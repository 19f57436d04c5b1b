import { Play } from 'lucide-react';
import { Link } from 'react-router';
import { Card } from '#ui-kit/card.tsx';
import { EmptyState } from '#ui-kit/empty-state.tsx';
import { Skeleton } from '#ui-kit/spinner.tsx';
import { Instant, TimeAgo } from '#ui-kit/time.tsx';
import { pages } from '../api/paths.ts';
import { useGrid } from '../api/queries.ts';
import { AssetWaitCard } from '../assets/asset-wait-card.tsx';
import { FailureList } from '../home/failure-list.tsx';
import { Markdown } from '../shell/markdown.tsx';
import { useDagOfPage } from './dag-layout.tsx';
import { DurationChart } from './duration-chart.tsx';
import { NextStep, RunNumbers } from './run-numbers.tsx';
import { TaskHealth } from './task-health.tsx';

const RUNS_SHOWN = 50;

/** How the DAG is doing: now, lately, next. */
export function OverviewTab() {
  const dag = useDagOfPage();
  const grid = useGrid(dag.dagId, RUNS_SHOWN);
  const runs = grid.data?.runs;
  const failures = (runs ?? []).filter((run) => run.state === 'failed').reverse();
  return (
    <div className="grid items-start gap-4 px-4 py-4 md:px-6 xl:grid-cols-[minmax(0,1fr)_340px]">
      <div className="flex min-w-0 flex-col gap-4">
        {runs === undefined ? <Skeleton className="h-[88px] w-full rounded-xl" /> : runs.length === 0 ? null : <RunNumbers runs={runs} />}
        <Card
          title={runs === undefined || runs.length === 0 ? 'Last runs' : runs.length === 1 ? 'Last run' : `Last ${runs.length} runs`}
          bodyClassName="p-4"
        >
          {runs === undefined ? (
            <Skeleton className="h-[150px] w-full" />
          ) : runs.length === 0 ? (
            <EmptyState icon={<Play size={18} />} title="This DAG has not run yet" command={`npx windlass dags trigger ${dag.dagId}`}>
              Trigger it above, or from a terminal.
            </EmptyState>
          ) : (
            <DurationChart runs={runs} />
          )}
        </Card>
        {failures.length === 0 ? null : (
          <Card title="Last failures" actions={<MoreLink to={`${pages.dag(dag.dagId, 'runs')}?state=failed`} />}>
            <FailureList runs={failures.slice(0, 5)} showsDag={false} />
          </Card>
        )}
        {grid.data === undefined || grid.data.runs.length === 0 ? null : <TaskHealth dag={dag} grid={grid.data} />}
        {dag.docMd === null ? null : (
          <Card title="About" bodyClassName="px-5 py-4">
            <Markdown text={dag.docMd} />
          </Card>
        )}
      </div>
      <div className="flex min-w-0 flex-col gap-4">
        <NextStep dag={dag} />
        {dag.assetWait === null ? null : <AssetWaitCard wait={dag.assetWait} />}
        {dag.assetWait !== null && dag.nextRuns.length === 0 ? null : (
          <Card title="Next runs">
            {dag.nextRuns.length === 0 ? (
              <p className="px-4 py-3.5 text-ink-3">
                {dag.isPaused ? 'Paused: no run will start by schedule.' : 'None planned. Runs start by hand or from outside.'}
              </p>
            ) : (
              <ul className="divide-y divide-line">
                {dag.nextRuns.slice(0, 6).map((at) => (
                  <li key={at} className="flex items-center justify-between gap-3 px-4 py-2">
                    <Instant iso={at} />
                    <span className="text-xs text-ink-3">
                      <TimeAgo iso={at} />
                    </span>
                  </li>
                ))}
              </ul>
            )}
          </Card>
        )}
      </div>
    </div>
  );
}

function MoreLink({ to }: { to: string }) {
  return (
    <Link to={to} className="text-xs font-medium text-ink-2 hover:text-ink hover:underline">
      All failed runs
    </Link>
  );
}
