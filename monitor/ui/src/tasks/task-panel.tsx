import { ExternalLink, X } from 'lucide-react';
import { useEffect, useRef } from 'react';
import { Link } from 'react-router';
import { Button, buttonClass } from '#ui-kit/button.tsx';
import { CodeBlock } from '#ui-kit/code-block.tsx';
import { CopyButton } from '#ui-kit/copy-button.tsx';
import { StatePill } from '#ui-kit/state-pill.tsx';
import { Instant } from '#ui-kit/time.tsx';
import { formatClock, formatDuration } from '#ui-kit/time-format.ts';
import type { TaskView } from '../../../api/types.ts';
import { pages, taskOnWeb } from '../api/paths.ts';
import { useWebPort } from '../api/session.ts';
import { Progress } from './running-tasks.tsx';
import { MapIndex } from './task-name.tsx';
import { LiveMs } from './timing.tsx';

/** Everything known of one attempt, beside the list. */
export function TaskPanel({ task, onClose }: { task: TaskView; onClose: () => void }) {
  const webPort = useWebPort();
  const element = useRef<HTMLElement>(null);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => event.key === 'Escape' && onClose();
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [onClose]);
  return (
    <aside
      ref={element}
      aria-label={`Details of ${task.taskId}`}
      className="wl-slide fixed top-13 right-0 bottom-0 z-30 flex w-[460px] max-w-full flex-col border-l border-line bg-raised shadow-3"
    >
      <header className="flex items-start justify-between gap-3 border-b border-line px-5 py-4">
        <div className="min-w-0">
          <p className="truncate text-xs text-ink-3">{task.dagId}</p>
          <h2 className="truncate text-lg font-semibold tracking-[-0.01em]">
            {task.taskId} {task.mapIndex < 0 ? null : <MapIndex task={task} />}
          </h2>
        </div>
        <Button variant="ghost" size="sm" aria-label="Close details" icon={<X size={16} />} onClick={onClose} />
      </header>
      <div className="flex min-h-0 flex-1 flex-col gap-5 overflow-y-auto px-5 py-4">
        <div className="flex items-center gap-3">
          <StatePill state={task.state} size="lg" />
          <span className="text-ink-2">
            try {task.tryNumber} of {Math.max(task.maxTries + 1, task.tryNumber)}
          </span>
          <a href={taskOnWeb(webPort, task)} className={`${buttonClass('secondary', 'sm')} ml-auto`}>
            <ExternalLink size={13} /> Log and history
          </a>
        </div>
        {task.progress === null ? null : <Progress task={task} />}
        {task.reason === null ? null : <p className="rounded-lg border border-line bg-sunken px-3 py-2 text-ink-2">{task.reason}</p>}
        <ErrorText task={task} />
        <Timeline task={task} />
        <Facts task={task} />
      </div>
    </aside>
  );
}

function ErrorText({ task }: { task: TaskView }) {
  if (task.error === null) return null;
  return (
    <section className="flex flex-col gap-2">
      <p className="rounded-lg border border-danger-line bg-danger-soft px-3 py-2 font-medium break-words text-danger">{task.error}</p>
      {task.errorStack === null ? null : <CodeBlock text={task.errorStack} label="Copy the stack" maxHeightPx={220} />}
    </section>
  );
}

/** Queued, started, ended with the spans between them, to scale. */
function Timeline({ task }: { task: TaskView }) {
  const waited = task.waitedMs ?? 0;
  const ran = task.ranMs ?? 0;
  const total = waited + ran;
  const isLive = task.endedAt === null;
  const steps = [
    ['Queued', task.queuedAt],
    ['Started', task.startedAt],
    ['Ended', task.endedAt],
  ] as const;
  return (
    <section className="flex flex-col gap-2.5">
      <div className="flex h-3 overflow-hidden rounded-md bg-press">
        <span style={{ width: `${total === 0 ? 0 : (waited / total) * 100}%`, backgroundColor: 'var(--st-queued)' }} />
        <span
          className={isLive ? 'wl-rope flex-1' : 'flex-1'}
          style={{ backgroundColor: task.startedAt === null ? 'transparent' : barColor(task) }}
        />
      </div>
      <div className="flex justify-between text-xs">
        <span>
          <span className="mr-1.5 inline-block size-2 rounded-[2px]" style={{ backgroundColor: 'var(--st-queued)' }} />
          waited {task.state === 'queued' ? <LiveMs ms={waited} sinceIso={task.queuedAt} /> : formatDuration(waited)}
        </span>
        {task.startedAt === null ? null : (
          <span>
            <span className="mr-1.5 inline-block size-2 rounded-[2px]" style={{ backgroundColor: barColor(task) }} />
            {isLive ? 'running for ' : 'ran '}
            {isLive ? <LiveMs ms={ran} sinceIso={task.startedAt} /> : formatDuration(ran)}
          </span>
        )}
      </div>
      <ol className="grid grid-cols-3 gap-2 text-xs">
        {steps.map(([name, iso]) => (
          <li key={name}>
            <span className="block text-ink-3">{name}</span>
            <span className="font-mono text-2xs">{iso === null ? '–' : formatClock(iso)}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}

function barColor(task: TaskView): string {
  if (task.endedAt === null) return 'var(--st-running)';
  return task.error === null ? 'var(--st-success)' : 'var(--st-failed)';
}

function Facts({ task }: { task: TaskView }) {
  return (
    <dl className="grid grid-cols-[92px_1fr] items-center gap-x-3 gap-y-1.5 text-sm [&>dt]:text-ink-3">
      <dt>Run</dt>
      <dd className="flex min-w-0 items-center gap-1">
        <span className="truncate font-mono text-xs" title={task.runId}>
          {task.runId}
        </span>
        <CopyButton text={task.runId} label="Copy the run id" />
      </dd>
      <dt>Worker</dt>
      <dd className="min-w-0">
        {task.workerId === '' ? (
          <span className="text-ink-3">none yet</span>
        ) : (
          <Link to={pages.worker(task.workerId)} className="font-mono text-xs hover:text-accent hover:underline">
            {task.workerId}
          </Link>
        )}
      </dd>
      <dt>Host</dt>
      <dd>
        {task.hostname === '' ? '–' : task.hostname}
        {task.pid === null ? null : <span className="text-ink-3">, process {task.pid}</span>}
      </dd>
      <dt>Operator</dt>
      <dd className="font-mono text-xs">{task.operator}</dd>
      <dt>Queue</dt>
      <dd className="font-mono text-xs">{task.queue}</dd>
      <dt>Pool</dt>
      <dd className="font-mono text-xs">{task.pool}</dd>
      <dt>Started</dt>
      <dd>
        <Instant iso={task.startedAt} />
      </dd>
      <dt>Attempt</dt>
      <dd className="flex min-w-0 items-center gap-1">
        <span className="truncate font-mono text-xs">{task.attemptId}</span>
        <CopyButton text={task.attemptId} label="Copy the attempt's id" />
      </dd>
    </dl>
  );
}
