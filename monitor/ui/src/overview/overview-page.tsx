import { ListChecks } from 'lucide-react';
import { Link } from 'react-router';
import { Page } from '#ui-kit/app-shell.tsx';
import { Card } from '#ui-kit/card.tsx';
import { EmptyState } from '#ui-kit/empty-state.tsx';
import { ErrorPanel } from '#ui-kit/error-panel.tsx';
import { Skeleton, SkeletonRows } from '#ui-kit/spinner.tsx';
import type { Overview } from '../../../api/types.ts';
import { pages } from '../api/paths.ts';
import { useOverview, useQueues, useTasks, useWorkers } from '../api/queries.ts';
import { isStuck, QueuesTable } from '../queues/queues-table.tsx';
import { StuckQueueHelp } from '../queues/stuck-queue-help.tsx';
import { TasksTable } from '../tasks/tasks-table.tsx';
import { NoWorkers } from '../workers/no-workers.tsx';
import { WorkersTable } from '../workers/workers-table.tsx';
import { StatStrip } from './stat-strip.tsx';
import { ThroughputChart } from './throughput-chart.tsx';

const RECENT_LIMIT = 12;

/** The page for the wall: numbers, an hour of throughput, queues, workers, and what happens now. */
export function OverviewPage() {
  const overview = useOverview();
  const queues = useQueues().data ?? [];
  return (
    <Page>
      <h1 className="sr-only">Overview</h1>
      {overview.error === null ? null : <ErrorPanel error={overview.error} onRetry={() => void overview.refetch()} />}
      {queues.filter(isStuck).map((queue) => (
        <StuckQueueHelp key={queue.queue} queue={queue} />
      ))}
      {overview.data === undefined ? <Skeleton className="h-[86px] w-full" /> : <StatStrip overview={overview.data} queues={queues} />}
      <div className="grid gap-4 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
        <Throughput overview={overview.data} />
        <Queues />
      </div>
      <Workers />
      <Recent />
    </Page>
  );
}

function Throughput({ overview }: { overview: Overview | undefined }) {
  return (
    <Card title="Throughput" actions={<Legend />} bodyClassName="px-3 pt-3 pb-1.5">
      {overview === undefined ? <Skeleton className="h-[178px] w-full" /> : <ThroughputChart buckets={overview.throughput} />}
    </Card>
  );
}

function Legend() {
  return (
    <span className="flex items-center gap-3 text-xs text-ink-3">
      <span className="hidden sm:inline">tasks ended per minute</span>
      <span className="flex items-center gap-1.5">
        <span className="size-2 rounded-[2px]" style={{ backgroundColor: 'var(--st-success)' }} /> succeeded
      </span>
      <span className="flex items-center gap-1.5">
        <span className="size-2 rounded-[2px]" style={{ backgroundColor: 'var(--st-failed)' }} /> failed
      </span>
    </span>
  );
}

function Queues() {
  const queues = useQueues();
  return (
    <Card title="Queues" actions={<More to={pages.queues} />}>
      {queues.data === undefined ? (
        <SkeletonRows rows={3} label="Loading queues" />
      ) : queues.data.length === 0 ? (
        <p className="px-4 py-10 text-center text-ink-3">No queue is in use: no worker listens and nothing waits.</p>
      ) : (
        <QueuesTable queues={queues.data} isCompact />
      )}
    </Card>
  );
}

function Workers() {
  const workers = useWorkers();
  const shown = (workers.data ?? []).filter((worker) => worker.status !== 'stopped');
  return (
    <Card title="Workers" actions={<More to={pages.workers} />}>
      {workers.data === undefined ? (
        <SkeletonRows rows={3} label="Loading workers" />
      ) : shown.length === 0 ? (
        <NoWorkers />
      ) : (
        <WorkersTable workers={shown} readAtMs={workers.dataUpdatedAt} isCompact />
      )}
    </Card>
  );
}

function Recent() {
  const tasks = useTasks({ limit: RECENT_LIMIT });
  return (
    <Card title="Recent tasks" actions={<More to={pages.tasks()} />}>
      {tasks.data === undefined ? (
        <SkeletonRows rows={4} label="Loading tasks" />
      ) : tasks.data.tasks.length === 0 ? (
        <EmptyState icon={<ListChecks size={18} />} title="No task has run yet" command="windlass dags trigger ny_taxi">
          Trigger a DAG; its tasks appear here the moment a worker takes them.
        </EmptyState>
      ) : (
        <TasksTable tasks={tasks.data.tasks} hidden={['run', 'bar']} />
      )}
    </Card>
  );
}

function More({ to }: { to: string }) {
  return (
    <Link to={to} className="text-xs font-medium text-ink-3 hover:text-accent">
      Show all
    </Link>
  );
}
