import { ScrollText } from 'lucide-react';
import { EmptyState } from '#ui-kit/empty-state.tsx';
import { useTaskPage } from '../task/task-layout.tsx';
import { LogViewer } from './log-viewer.tsx';

/** The log of the chosen try, live while it runs. */
export function LogsTab() {
  const { dagId, runId, taskId, instance, tryNumber } = useTaskPage();
  // What waits without a worker has a log, too: the triggerer's.
  const hasWaited = instance.events.some(({ event }) => event === 'start_deferred');
  if (instance.attempts.length === 0 && !hasWaited)
    return (
      <EmptyState icon={<ScrollText size={20} />} title="No log yet">
        {instance.waitingFor.length > 0
          ? 'It starts once what it waits for is done.'
          : (instance.reason ?? 'The log starts when a worker takes this task.')}
      </EmptyState>
    );
  const attempt = instance.attempts.findLast((candidate) => candidate.tryNumber === tryNumber);
  return (
    <LogViewer
      key={`${instance.mapIndex}/${tryNumber}`}
      address={{ dagId, runId, taskId, mapIndex: instance.mapIndex, tryNumber }}
      fileName={`${dagId}.${taskId}${instance.mapIndex < 0 ? '' : `.${instance.mapIndex}`}.try${tryNumber}.log`}
      opensAtError={attempt !== undefined && attempt.outcome !== null && attempt.outcome !== 'success'}
    />
  );
}
