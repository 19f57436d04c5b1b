import { MessageCircleQuestion } from 'lucide-react';
import { EmptyState } from '#ui-kit/empty-state.tsx';
import { ErrorPanel } from '#ui-kit/error-panel.tsx';
import { Skeleton } from '#ui-kit/spinner.tsx';
import { useApprovalOf } from '../api/people.ts';
import { ApprovalCard } from '../people/approval-card.tsx';
import { useTaskPage } from './task-layout.tsx';

/** What this task asks, and the answer. */
export function RespondTab() {
  const { dagId, runId, taskId, instance } = useTaskPage();
  const asked = useApprovalOf(dagId, runId, taskId, instance.mapIndex);
  const { data } = asked;
  return (
    <div className="max-w-[860px] px-4 py-4 md:px-6">
      {asked.error !== null && data === undefined ? (
        <ErrorPanel error={asked.error} onRetry={() => void asked.refetch()} />
      ) : data === undefined ? (
        <Skeleton className="h-40 w-full" />
      ) : data.approval === null ? (
        <div className="rounded-xl border border-line bg-surface shadow-1">
          <EmptyState icon={<MessageCircleQuestion size={18} />} title="Nothing is asked yet">
            The question is put when the task runs.
          </EmptyState>
        </div>
      ) : (
        <ApprovalCard key={data.approval.id} approval={data.approval} isOnTaskPage />
      )}
    </div>
  );
}
