import { AlarmClock } from 'lucide-react';
import { Link } from 'react-router';
import { Page, PageHeader } from '#ui-kit/app-shell.tsx';
import { EmptyState } from '#ui-kit/empty-state.tsx';
import { ErrorPanel } from '#ui-kit/error-panel.tsx';
import { Skeleton } from '#ui-kit/spinner.tsx';
import { StatePill } from '#ui-kit/state-pill.tsx';
import { Table } from '#ui-kit/table.tsx';
import { Segmented } from '#ui-kit/tabs.tsx';
import { Instant } from '#ui-kit/time.tsx';
import { pages } from '../api/paths.ts';
import { type DeadlineStatus, PEOPLE_PAGE, useDeadlines } from '../api/people.ts';
import { Pager } from '../shell/pager.tsx';
import { useUrlState } from '../shell/url-state.ts';
import { DeadlineBadge } from './deadline-words.tsx';

const NOTHING: Readonly<Record<DeadlineStatus, string>> = {
  missed: 'No run has missed a deadline',
  open: 'No run has a deadline ahead',
  met: 'No run has met a deadline yet',
};

/** Deadlines of all runs: those missed, those ahead, those met. */
export function DeadlinesPage() {
  const [params, change] = useUrlState();
  const asked = params.get('status');
  const status: DeadlineStatus = asked === 'open' || asked === 'met' ? asked : 'missed';
  const offset = Number(params.get('offset') ?? 0) || 0;
  const deadlines = useDeadlines(status, offset);
  const { data } = deadlines;
  return (
    <Page>
      <title>Deadlines · Windlass</title>
      <PageHeader
        title="Deadlines"
        subtitle="By when runs have to have ended"
        actions={
          <Segmented
            label="Which deadlines"
            value={status}
            onChange={(value) => change({ status: value === 'missed' ? null : value, offset: null }, 'push')}
            options={[
              { value: 'missed', label: 'Missed' },
              { value: 'open', label: 'Ahead' },
              { value: 'met', label: 'Met' },
            ]}
          />
        }
      />
      {deadlines.error !== null && data === undefined ? (
        <ErrorPanel error={deadlines.error} onRetry={() => void deadlines.refetch()} />
      ) : data === undefined ? (
        <Skeleton className="h-40 w-full" />
      ) : (
        <div className="rounded-xl border border-line bg-surface shadow-1">
          {data.deadlines.length === 0 ? (
            <EmptyState icon={<AlarmClock size={18} />} title={NOTHING[status]}>
              A DAG sets one with <code className="font-mono text-xs">{"deadline: { within: '1h', notify }"}</code>.
            </EmptyState>
          ) : (
            <Table label="Deadlines">
              <thead>
                <tr>
                  <th>DAG</th>
                  <th className="max-md:hidden">Run</th>
                  <th className="max-sm:hidden">State</th>
                  <th>Deadline</th>
                  <th className="max-sm:hidden">Due</th>
                  <th />
                </tr>
              </thead>
              <tbody>
                {data.deadlines.map((deadline) => (
                  <tr key={deadline.id}>
                    <td className="max-w-[220px] truncate max-sm:max-w-[100px]" title={deadline.dagId}>
                      <Link to={pages.dag(deadline.dagId)} className="font-medium hover:underline">
                        {deadline.dagId}
                      </Link>
                    </td>
                    <td className="max-w-[300px] truncate max-md:hidden">
                      <Link to={pages.run(deadline.dagId, deadline.runId)} className="font-mono text-xs hover:underline">
                        {deadline.runId}
                      </Link>
                    </td>
                    <td className="max-sm:hidden">
                      <StatePill state={deadline.runState} />
                    </td>
                    <td className="text-ink-2">{deadline.name}</td>
                    <td className="text-ink-2 max-sm:hidden">
                      <Instant iso={deadline.dueAt} />
                    </td>
                    <td className="text-right">
                      <DeadlineBadge deadline={deadline} />
                    </td>
                  </tr>
                ))}
              </tbody>
            </Table>
          )}
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
