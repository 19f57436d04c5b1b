import { Server } from 'lucide-react';
import { EmptyState } from '#ui-kit/empty-state.tsx';

/** What the pages say when nobody works: how to start a worker. */
export function NoWorkers() {
  return (
    <EmptyState icon={<Server size={18} />} title="No worker is online" command="windlass worker">
      Tasks wait in their queues until a worker takes them. Start one here, or on any machine that reaches the same database and broker.
    </EmptyState>
  );
}
