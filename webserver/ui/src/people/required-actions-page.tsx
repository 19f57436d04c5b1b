import { Inbox } from 'lucide-react';
import { Page, PageHeader } from '#ui-kit/app-shell.tsx';
import { EmptyState } from '#ui-kit/empty-state.tsx';
import { ErrorPanel } from '#ui-kit/error-panel.tsx';
import { Skeleton } from '#ui-kit/spinner.tsx';
import { Segmented } from '#ui-kit/tabs.tsx';
import { PEOPLE_PAGE, useApprovals } from '../api/people.ts';
import { Pager } from '../shell/pager.tsx';
import { useUrlState } from '../shell/url-state.ts';
import { ApprovalCard } from './approval-card.tsx';

const SUBTITLES = {
  open: 'What tasks ask people, the longest waiting first',
  answered: 'What people said, the newest answer first',
} as const;

/** The inbox: what tasks ask people, the longest waiting first. */
export function RequiredActionsPage() {
  const [params, change] = useUrlState();
  const state = params.get('state') === 'answered' ? 'answered' : 'open';
  const offset = Number(params.get('offset') ?? 0) || 0;
  const approvals = useApprovals(state, offset);
  const { data } = approvals;
  return (
    <Page>
      <title>Required actions · Windlass</title>
      <PageHeader
        title="Required actions"
        subtitle={SUBTITLES[state]}
        actions={
          <Segmented
            label="Which questions"
            value={state}
            onChange={(value) => change({ state: value === 'open' ? null : value, offset: null }, 'push')}
            options={[
              { value: 'open', label: 'Open' },
              { value: 'answered', label: 'Answered' },
            ]}
          />
        }
      />
      {approvals.error !== null && data === undefined ? (
        <ErrorPanel error={approvals.error} onRetry={() => void approvals.refetch()} />
      ) : data === undefined ? (
        <Skeleton className="h-40 w-full" />
      ) : data.approvals.length === 0 ? (
        <div className="rounded-xl border border-line bg-surface shadow-1">
          <EmptyState icon={<Inbox size={18} />} title={state === 'open' ? 'Nobody is asked anything' : 'Nothing has been answered yet'}>
            A task asks with <code className="font-mono text-xs">approval(…)</code>,{' '}
            <code className="font-mono text-xs">approvalBranch(…)</code> or <code className="font-mono text-xs">entry(…)</code>.{' '}
            {state === 'open' ? 'It waits here, without a worker, until somebody answers.' : 'The answers are kept here.'}
          </EmptyState>
        </div>
      ) : (
        <div className="flex max-w-[860px] flex-col gap-4">
          {data.approvals.map((approval) => (
            <ApprovalCard key={approval.id} approval={approval} />
          ))}
          <Pager
            total={data.total}
            limit={PEOPLE_PAGE}
            offset={offset}
            onOffset={(next) => change({ offset: next === 0 ? null : next }, 'push')}
          />
        </div>
      )}
    </Page>
  );
}
