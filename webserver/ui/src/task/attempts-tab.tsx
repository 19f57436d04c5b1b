import { RotateCw } from 'lucide-react';
import { Card } from '#ui-kit/card.tsx';
import { CodeBlock } from '#ui-kit/code-block.tsx';
import { EmptyState } from '#ui-kit/empty-state.tsx';
import { StateText } from '#ui-kit/state-pill.tsx';
import { Duration, Instant } from '#ui-kit/time.tsx';
import type { UiAttempt } from '../../../ui-api/types.ts';
import { Facts } from '../shell/facts.tsx';
import { useTaskPage } from './task-layout.tsx';
import { outcomeState } from './try-pills.tsx';

/** Every attempt with its worker and its error, newest first. */
export function AttemptsTab() {
  const { instance } = useTaskPage();
  if (instance.attempts.length === 0)
    return (
      <EmptyState icon={<RotateCw size={20} />} title="Not attempted yet">
        No worker has taken this instance so far.
      </EmptyState>
    );
  return (
    <div className="flex flex-col gap-4 px-4 py-4 md:px-6">
      {instance.attempts.toReversed().map((attempt) => (
        <AttemptCard key={`${attempt.tryNumber}/${attempt.startedAt}`} attempt={attempt} />
      ))}
    </div>
  );
}

function AttemptCard({ attempt }: { attempt: UiAttempt }) {
  return (
    <Card
      title={`Try ${attempt.tryNumber}`}
      actions={
        <span className="flex items-center gap-4">
          <Duration from={attempt.startedAt} to={attempt.endedAt} />
          <StateText state={outcomeState(attempt.outcome)} />
        </span>
      }
      bodyClassName="grid gap-4 p-4 lg:grid-cols-[280px_minmax(0,1fr)]"
    >
      <Facts
        rows={[
          ['Started', <Instant key="started" iso={attempt.startedAt} />],
          ['Ended', <Instant key="ended" iso={attempt.endedAt} />],
          ['Outcome', attempt.outcome ?? 'still running'],
          ['Host', attempt.hostname],
          [
            'Worker',
            <span key="worker" className="font-mono text-xs">
              {attempt.workerId}
            </span>,
          ],
          ['Process', attempt.pid ?? '–'],
        ]}
      />
      {attempt.error === null ? (
        <p className="text-ink-3">No error.</p>
      ) : (
        <div className="min-w-0">
          <p className="mb-2 break-words">
            <span className="font-medium text-danger">{attempt.error.name}</span>: {attempt.error.message}
          </p>
          {attempt.error.stack === '' ? null : <CodeBlock text={attempt.error.stack} label="Copy stack trace" />}
        </div>
      )}
    </Card>
  );
}
