import { Layers } from 'lucide-react';
import { Page, PageHeader } from '#ui-kit/app-shell.tsx';
import { Card } from '#ui-kit/card.tsx';
import { EmptyState } from '#ui-kit/empty-state.tsx';
import { ErrorPanel } from '#ui-kit/error-panel.tsx';
import { SkeletonRows } from '#ui-kit/spinner.tsx';
import { useOverview, useQueues } from '../api/queries.ts';
import { BrokerCard } from '../overview/broker-card.tsx';
import { isStuck, QueuesTable } from './queues-table.tsx';
import { StuckQueueHelp } from './stuck-queue-help.tsx';

/** Queues as Postgres knows them, beside what the broker carries. */
export function QueuesPage() {
  const queues = useQueues();
  const overview = useOverview();
  return (
    <Page>
      <PageHeader title="Queues" subtitle="What waits, since when, and who listens. Postgres is the truth; the broker only rings." />
      {queues.error === null ? null : <ErrorPanel error={queues.error} onRetry={() => void queues.refetch()} />}
      {(queues.data ?? []).filter(isStuck).map((queue) => (
        <StuckQueueHelp key={queue.queue} queue={queue} />
      ))}
      <Card className="overflow-hidden">
        {queues.data === undefined ? (
          <SkeletonRows label="Loading queues" rows={3} />
        ) : queues.data.length === 0 ? (
          <EmptyState icon={<Layers size={18} />} title="No queue is in use" command="windlass worker">
            A queue appears when a worker listens on it or a task waits in it. Tasks go to the queue{' '}
            <code className="font-mono">default</code> unless they say otherwise.
          </EmptyState>
        ) : (
          <QueuesTable queues={queues.data} />
        )}
      </Card>
      {overview.data === undefined ? null : <BrokerCard broker={overview.data.broker} />}
    </Page>
  );
}
