import { Hourglass, UserRound } from 'lucide-react';
import { Link } from 'react-router';
import { Badge } from '#ui-kit/badge.tsx';
import { TimeAgo } from '#ui-kit/time.tsx';
import type { UiApproval } from '../../../ui-api/people-types.ts';
import { pages } from '../api/paths.ts';
import { AnswerForm } from './answer-form.tsx';
import { AnswerGiven } from './answer-given.tsx';

/** One question: where it comes from, how long it waits, and what may be done about it. */
export function ApprovalCard({ approval, isOnTaskPage = false }: { approval: UiApproval; isOnTaskPage?: boolean }) {
  const { dagId, runId, taskId, mapIndex, mapLabel, subject, askedAt, timeoutAt, assignees, status, defaults } = approval;
  return (
    <article aria-label={subject} className="min-w-0 rounded-xl border border-line bg-surface shadow-1">
      <header className="flex flex-col gap-1.5 border-b border-line px-5 py-4">
        <h2 className="text-base font-semibold tracking-[-0.01em] break-words">{subject}</h2>
        <div className="flex flex-wrap items-center gap-x-3 gap-y-1 text-xs text-ink-3">
          {isOnTaskPage ? null : (
            <span className="flex min-w-0 items-center gap-1">
              <Link to={pages.dag(dagId)} className="font-medium text-ink-2 hover:underline">
                {dagId}
              </Link>
              <span>/</span>
              <Link to={pages.task(dagId, runId, taskId, mapIndex, 'respond')} className="font-mono text-ink-2 hover:underline">
                {taskId}
                {mapIndex < 0 ? '' : `[${mapLabel ?? mapIndex}]`}
              </Link>
              <span className="max-w-[280px] truncate max-sm:hidden" title={runId}>
                in{' '}
                <Link to={pages.run(dagId, runId)} className="font-mono hover:underline">
                  {runId}
                </Link>
              </span>
            </span>
          )}
          <span>
            asked <TimeAgo iso={askedAt} />
          </span>
          {timeoutAt === null || status !== 'open' ? null : (
            <span className="inline-flex items-center gap-1 text-warning">
              <Hourglass size={11} />
              <span>
                {defaults.length === 0 ? 'fails' : `“${defaults.join(', ')}” counts`} <TimeAgo iso={timeoutAt} />
              </span>
            </span>
          )}
          {assignees.map((name) => (
            <Badge key={name} icon={<UserRound size={10} />}>
              {name}
            </Badge>
          ))}
        </div>
      </header>
      <div className="px-5 py-4">{status === 'open' ? <AnswerForm approval={approval} /> : <AnswerGiven approval={approval} />}</div>
    </article>
  );
}
