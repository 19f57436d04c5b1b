import { ChevronDown, ChevronRight } from 'lucide-react';
import { useState } from 'react';
import { Link } from 'react-router';
import { Badge, type BadgeTone } from '#ui-kit/badge.tsx';
import { Card } from '#ui-kit/card.tsx';
import { cx } from '#ui-kit/class-names.ts';
import { EmptyState } from '#ui-kit/empty-state.tsx';
import { ErrorPanel } from '#ui-kit/error-panel.tsx';
import { Skeleton } from '#ui-kit/spinner.tsx';
import { Instant, TimeAgo } from '#ui-kit/time.tsx';
import type { UiCallback, UiRunExtras } from '../../../ui-api/people-types.ts';
import { pages } from '../api/paths.ts';
import { useCallbackLog, useRunExtras } from '../api/people.ts';
import { DeadlineBadge } from '../people/deadline-words.tsx';
import { useRunOfPage } from './run-layout.tsx';

/** What a run sets off: its deadlines, and the calls of callbacks with what became of each. */
export function CallbacksTab() {
  const { dagId, runId } = useRunOfPage();
  const extras = useRunExtras(dagId, runId);
  const { data } = extras;
  return (
    <div className="flex flex-col gap-4 px-4 py-4 md:px-6">
      {extras.error !== null && data === undefined ? (
        <ErrorPanel error={extras.error} onRetry={() => void extras.refetch()} />
      ) : data === undefined ? (
        <Skeleton className="h-40 w-full" />
      ) : (
        <>
          {data.deadlines.length === 0 ? null : <Deadlines deadlines={data.deadlines} />}
          <Card title="Callbacks">
            {data.callbacks.length === 0 ? (
              <EmptyState title="No callback has been called">
                Options like <code className="font-mono text-xs">onFailureCallback</code> of the DAG and its tasks are called here.
              </EmptyState>
            ) : (
              <CallbackList dagId={dagId} runId={runId} callbacks={data.callbacks} />
            )}
          </Card>
        </>
      )}
    </div>
  );
}

export function CallbackList({ dagId, runId, callbacks }: { dagId: string; runId: string; callbacks: readonly UiCallback[] }) {
  return (
    <ul className="divide-y divide-line">
      {callbacks.map((callback) => (
        <CallbackItem key={callback.id} dagId={dagId} runId={runId} callback={callback} />
      ))}
    </ul>
  );
}

function Deadlines({ deadlines }: { deadlines: UiRunExtras['deadlines'] }) {
  return (
    <Card title="Deadlines">
      <ul className="divide-y divide-line">
        {deadlines.map((deadline) => (
          <li key={deadline.id} className="flex flex-wrap items-center gap-x-4 gap-y-1 px-4 py-2.5 text-sm">
            <span className="font-medium">{deadline.name}</span>
            <span className="text-ink-3">
              due <Instant iso={deadline.dueAt} />
            </span>
            {deadline.callbacks.length === 0 ? null : <span className="text-xs text-ink-3">tells {deadline.callbacks.join(', ')}</span>}
            <span className="flex-1" />
            <DeadlineBadge deadline={deadline} />
          </li>
        ))}
      </ul>
    </Card>
  );
}

const STATES: Readonly<Record<UiCallback['state'], { readonly word: string; readonly tone: BadgeTone }>> = {
  pending: { word: 'waiting', tone: 'neutral' },
  running: { word: 'running', tone: 'accent' },
  success: { word: 'done', tone: 'good' },
  failed: { word: 'given up', tone: 'danger' },
};

const OPTIONS: Readonly<Record<string, string>> = {
  on_success: 'onSuccessCallback',
  on_failure: 'onFailureCallback',
  on_retry: 'onRetryCallback',
  on_skipped: 'onSkippedCallback',
  on_deadline: 'deadline',
  on_request: 'notify',
};

function CallbackItem({ dagId, runId, callback }: { dagId: string; runId: string; callback: UiCallback }) {
  const [isOpen, setIsOpen] = useState(false);
  const { word, tone } =
    callback.state === 'pending' && callback.tries > 0 ? { word: 'tried again soon', tone: 'warning' as const } : STATES[callback.state];
  const Chevron = isOpen ? ChevronDown : ChevronRight;
  return (
    <li>
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1 px-4 py-2.5 text-sm">
        <button
          type="button"
          aria-expanded={isOpen}
          aria-label={`Log of ${callback.name}`}
          onClick={() => setIsOpen(!isOpen)}
          className="flex min-w-0 items-center gap-2 rounded-md hover:text-ink"
        >
          <Chevron size={14} className="shrink-0 text-ink-3" />
          <span className="truncate font-medium">{callback.name}</span>
        </button>
        <span className="font-mono text-xs text-ink-3">{OPTIONS[callback.kind] ?? callback.kind}</span>
        <span className="text-xs text-ink-2">
          {callback.taskId === null ? (
            (callback.deadline ?? 'of the run')
          ) : (
            <Link to={pages.task(dagId, runId, callback.taskId, callback.mapIndex)} className="font-mono hover:underline">
              {callback.taskId}
              {callback.mapIndex < 0 ? '' : `[${callback.mapIndex}]`}
            </Link>
          )}
        </span>
        <span className="flex-1" />
        {callback.tries < 2 && callback.state !== 'failed' ? null : (
          <span className="text-xs text-ink-3 tabular-nums">
            try {callback.tries} of {callback.triesMax}
          </span>
        )}
        <span className="text-xs text-ink-3">
          <TimeAgo iso={callback.endedAt ?? callback.createdAt} />
        </span>
        <Badge tone={tone}>{word}</Badge>
      </div>
      {callback.error === null || callback.state === 'success' ? null : (
        <p className="px-4 pb-2.5 pl-10 text-sm break-words text-danger">
          {callback.error.message}
          {callback.nextTryAt === null ? null : (
            <span className="text-ink-3">
              {' '}
              Next try <TimeAgo iso={callback.nextTryAt} />.
            </span>
          )}
        </p>
      )}
      {isOpen ? <CallbackLog dagId={dagId} runId={runId} callback={callback} /> : null}
    </li>
  );
}

function CallbackLog({ dagId, runId, callback }: { dagId: string; runId: string; callback: UiCallback }) {
  const log = useCallbackLog(dagId, runId, callback.id, `${callback.state}${callback.tries}`);
  const lines = log.data?.lines ?? [];
  return (
    <div className="px-4 pb-3 pl-10">
      {log.data === undefined ? (
        <Skeleton className="h-16 w-full" />
      ) : (
        <pre className="max-h-80 overflow-auto rounded-lg border border-line bg-sunken px-3 py-2 font-mono text-2xs leading-[17px]">
          {lines.length === 0 ? <span className="text-ink-3">Nothing written yet.</span> : null}
          {lines.map((line, index) => (
            <span
              // biome-ignore lint/suspicious/noArrayIndexKey: a line is its number
              key={index}
              className={cx(
                'block whitespace-pre-wrap',
                line.level === 'error' && 'text-danger',
                line.level === 'warning' && 'text-warning',
                line.source === 'system' && line.level !== 'error' && 'text-ink-3',
              )}
            >
              {line.message}
            </span>
          ))}
        </pre>
      )}
    </div>
  );
}
