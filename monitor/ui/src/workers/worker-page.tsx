import { CircleCheck, History } from 'lucide-react';
import { useParams, useSearchParams } from 'react-router';
import { Page, PageHeader } from '#ui-kit/app-shell.tsx';
import { Card, Stat } from '#ui-kit/card.tsx';
import { CopyButton } from '#ui-kit/copy-button.tsx';
import { EmptyState } from '#ui-kit/empty-state.tsx';
import { ErrorPanel } from '#ui-kit/error-panel.tsx';
import { SkeletonRows } from '#ui-kit/spinner.tsx';
import { Tabs } from '#ui-kit/tabs.tsx';
import { Duration, TimeAgo } from '#ui-kit/time.tsx';
import { formatBytes } from '#ui-kit/time-format.ts';
import type { WorkerStatus, WorkerView } from '../../../api/types.ts';
import { useControl } from '../api/control.ts';
import { pages } from '../api/paths.ts';
import { useTasks, useWorker } from '../api/queries.ts';
import { RunningTasks } from '../tasks/running-tasks.tsx';
import { TasksTable } from '../tasks/tasks-table.tsx';
import { ControlProgress } from './control-progress.tsx';
import { HeartbeatAge } from './heartbeat-age.tsx';
import { SlotsBar } from './slots-bar.tsx';
import { SlotsStepper, WorkerControls } from './worker-controls.tsx';
import { WorkerStatusPill } from './worker-status.tsx';
import { QueueBadges } from './workers-table.tsx';

const HISTORY_LIMIT = 100;

/** One worker: what it does now, what it did, and the means to control it. */
export function WorkerPage() {
  const { workerId = '' } = useParams();
  const [params] = useSearchParams();
  const tab = params.get('tab') === 'history' ? 'history' : 'now';
  const worker = useWorker(workerId);
  const control = useControl(workerId);
  if (worker.data === undefined)
    return (
      <Page>
        {worker.error === null ? (
          <SkeletonRows label="Loading the worker" />
        ) : (
          <ErrorPanel error={worker.error} onRetry={() => void worker.refetch()} />
        )}
      </Page>
    );
  const { data } = worker;
  return (
    <Page>
      <PageHeader
        title={
          <span className="flex items-center gap-3">
            <span className="truncate">{data.workerId}</span>
            <WorkerStatusPill status={data.status} />
            <CopyButton text={data.workerId} label="Copy the worker's id" />
          </span>
        }
        isMono
        subtitle={<Identity worker={data} />}
        actions={
          <>
            <SlotsStepper worker={data} control={control} />
            <WorkerControls worker={data} control={control} />
          </>
        }
      />
      {worker.error === null ? null : <ErrorPanel error={worker.error} onRetry={() => void worker.refetch()} />}
      <ControlProgress worker={data} control={control} />
      <LostNotice worker={data} />
      <Vitals worker={data} readAtMs={worker.dataUpdatedAt} />
      <Tabs
        label="What the worker does"
        active={tab}
        items={[
          { id: 'now', label: 'Now', to: pages.worker(workerId), count: data.tasks.length },
          { id: 'history', label: 'History', to: `${pages.worker(workerId)}?tab=history` },
        ]}
      />
      {tab === 'now' ? <Now worker={data} /> : <WorkerHistory workerId={workerId} />}
    </Page>
  );
}

function Identity({ worker }: { worker: WorkerView }) {
  return (
    <span className="flex flex-wrap items-center gap-x-3 gap-y-1">
      <span>
        {worker.hostname}, process <span className="font-mono text-xs">{worker.pid}</span>
      </span>
      <span className="text-ink-3">listens on</span> <QueueBadges queues={worker.queues} />
    </span>
  );
}

function LostNotice({ worker }: { worker: WorkerView }) {
  if (worker.status !== 'lost') return null;
  return (
    <div role="alert" className="rounded-xl border border-danger-line bg-danger-soft px-4 py-3">
      <p className="font-medium">This worker has fallen silent</p>
      <p className="text-ink-2">
        Its machine or process may be gone, or it cannot reach the database. The scheduler rescues its tasks when their leases run out;
        start another worker if queues grow.
      </p>
    </div>
  );
}

function Vitals({ worker, readAtMs }: { worker: WorkerView; readAtMs: number }) {
  const { info } = worker;
  const share = worker.processed === 0 ? 0 : (worker.failed / worker.processed) * 100;
  return (
    <Card bodyClassName="grid grid-cols-2 divide-line sm:grid-cols-4 lg:grid-cols-8 lg:divide-x">
      <Stat label="Slots" value={`${worker.tasks.length}/${worker.slots}`}>
        <SlotsOnly worker={worker} />
      </Stat>
      <Stat label="Processed" value={worker.processed.toLocaleString('en')} note="since it started" />
      <Stat
        label="Failed"
        value={worker.failed.toLocaleString('en')}
        tone={worker.failed > 0 ? 'danger' : 'ink'}
        note={`${share.toFixed(1)} % of all`}
      />
      <Stat label="CPU" value={info.cpuPercent === undefined ? '–' : `${info.cpuPercent.toFixed(0)} %`} note="of one core" />
      <Stat label="Memory" value={info.rssBytes === undefined ? '–' : formatBytes(info.rssBytes)} note="resident" />
      <Stat
        label="Loop lag"
        value={
          info.eventLoopLagMs === undefined
            ? '–'
            : `${info.eventLoopLagMs < 10 ? info.eventLoopLagMs.toFixed(1) : info.eventLoopLagMs.toFixed(0)} ms`
        }
        note={info.taskProcesses === undefined ? undefined : `${info.taskProcesses} task processes`}
      />
      <Stat label={worker.status === 'stopped' ? 'Stopped' : 'Heartbeat'} value={<HeartbeatAge worker={worker} readAtMs={readAtMs} />} />
      <Stat
        label="Uptime"
        value={<Duration from={worker.startedAt} to={worker.stoppedAt} />}
        note={
          <>
            started <TimeAgo iso={worker.startedAt} />
          </>
        }
      />
    </Card>
  );
}

function SlotsOnly({ worker }: { worker: WorkerView }) {
  return (
    <span className="flex h-[17px] items-center [&>span>span:last-child]:hidden">
      <SlotsBar used={worker.tasks.length} total={worker.slots} isLive={worker.status !== 'lost'} />
    </span>
  );
}

const IDLE_BECAUSE: Readonly<Record<WorkerStatus, string>> = {
  online: 'Tasks appear the moment the worker claims them.',
  paused: 'The worker is paused: it takes no new tasks until somebody resumes it.',
  draining: 'The worker has finished what it had and takes no more.',
  lost: 'Whatever it had in hand has been taken away from it.',
  stopped: 'The worker has stopped.',
};

function Now({ worker }: { worker: WorkerView }) {
  return (
    <Card className="overflow-hidden">
      {worker.tasks.length === 0 ? (
        <EmptyState icon={<CircleCheck size={18} />} title="Nothing runs here right now">
          {IDLE_BECAUSE[worker.status]}
        </EmptyState>
      ) : (
        <RunningTasks tasks={worker.tasks} />
      )}
    </Card>
  );
}

function WorkerHistory({ workerId }: { workerId: string }) {
  const tasks = useTasks({ worker: workerId, limit: HISTORY_LIMIT });
  if (tasks.error !== null) return <ErrorPanel error={tasks.error} onRetry={() => void tasks.refetch()} />;
  return (
    <Card className="overflow-hidden">
      {tasks.data === undefined ? (
        <SkeletonRows label="Loading history" />
      ) : tasks.data.tasks.length === 0 ? (
        <EmptyState icon={<History size={18} />} title="It has not run a task yet" />
      ) : (
        <TasksTable tasks={tasks.data.tasks} hidden={['worker', 'queue']} />
      )}
    </Card>
  );
}
